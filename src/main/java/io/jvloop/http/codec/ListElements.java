package io.jvloop.http.codec;

/** Values that are lists, {@code #rule} of RFC 9110, 5.6.1: elements between commas, empty ones ignored. */
final class ListElements {
    private ListElements() {
    }

    /** Whether an element is this token, without regard to case and to what follows a semicolon. */
    static boolean contains(String list, String token) {
        int start = 0;
        while (start <= list.length()) {
            int end = end(list, start);
            int stop = start; // not by indexOf: that may look beyond the element, and would for each one
            while (stop < end && list.charAt(stop) != ';') {
                stop++;
            }
            if (is(list, start, stop, token)) {
                return true;
            }
            start = end + 1;
        }
        return false;
    }

    /** The comma behind the element that begins here, or the end of the list. */
    static int end(String list, int start) {
        int comma = list.indexOf(',', start);
        return comma < 0 ? list.length() : comma;
    }

    static boolean is(String list, int start, int end, String token) {
        int from = start;
        int to = end;
        while (from < to && Tokens.isBlank(list.charAt(from))) {
            from++;
        }
        while (from < to && Tokens.isBlank(list.charAt(to - 1))) {
            to--;
        }
        return to - from == token.length() && list.regionMatches(true, from, token, 0, token.length());
    }

    /** Without the blanks around it. */
    static String trimmed(String text, int start, int end) {
        int from = start;
        int to = end;
        while (from < to && Tokens.isBlank(text.charAt(from))) {
            from++;
        }
        while (from < to && Tokens.isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }
}
