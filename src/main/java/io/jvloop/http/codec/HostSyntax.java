package io.jvloop.http.codec;

/** {@code uri-host [ ":" port ]} of RFC 9110, 7.2, and RFC 3986, 3.2.2. May be empty. */
final class HostSyntax {
    private static final int HIGHEST_PORT = 65_535;
    private static final int MOST_PORT_DIGITS = 5;
    private static final int ESCAPE = 3; // %XX

    private HostSyntax() {
    }

    /** Whether it is a host with or without a port. */
    static boolean isHost(String text, int start, int end) {
        int colon = start < end && text.charAt(start) == '[' ? endOfLiteral(text, start, end)
                : endOfName(text, start, end);
        return colon == end || colon >= 0 && text.charAt(colon) == ':' && isPort(text, colon + 1, end);
    }

    /** As {@link #isHost}, but both have to be there: what CONNECT asks for. */
    static boolean isHostAndPort(String text) {
        int colon = text.lastIndexOf(':');
        return colon > 0 && Tokens.isDigit(text.charAt(text.length() - 1))
                && isHost(text, 0, text.length());
    }

    private static int endOfName(String text, int start, int end) {
        int i = start;
        while (i < end) {
            char c = text.charAt(i);
            if (c == '%') {
                if (i + ESCAPE > end || !Tokens.isHex(text.charAt(i + 1))
                        || !Tokens.isHex(text.charAt(i + 2))) {
                    return -1;
                }
                i += ESCAPE;
            } else if (c < 0x80 && Tokens.isHost(c)) {
                i++;
            } else {
                return i;
            }
        }
        return i;
    }

    /** An address in brackets; what kind of address it is matters to who connects there. */
    private static int endOfLiteral(String text, int start, int end) {
        int i = start + 1;
        boolean hasColon = false;
        while (i < end && text.charAt(i) != ']') {
            char c = text.charAt(i);
            hasColon |= c == ':';
            if (c >= 0x80 || c != ':' && !Tokens.isHost(c)) {
                return -1;
            }
            i++;
        }
        return i < end && hasColon ? i + 1 : -1;
    }

    private static boolean isPort(String text, int start, int end) {
        if (end - start > MOST_PORT_DIGITS) {
            return false;
        }
        int port = 0;
        for (int i = start; i < end; i++) {
            if (!Tokens.isDigit(text.charAt(i))) {
                return false;
            }
            port = port * 10 + text.charAt(i) - '0';
        }
        return port <= HIGHEST_PORT;
    }
}
