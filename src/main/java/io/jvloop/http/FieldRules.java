package io.jvloop.http;

import io.jvloop.http.codec.Headers;

/** Header fields of answers that mean something to the connection. */
final class FieldRules {
    /** What a field means here. */
    enum Meaning {
        NOTHING, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING
    }

    private FieldRules() {
    }

    static Meaning of(String name) {
        return switch (name.length()) {
            case 10 -> is(name, "Connection", Meaning.CONNECTION);
            case 14 -> is(name, "Content-Length", Meaning.CONTENT_LENGTH);
            case 17 -> is(name, "Transfer-Encoding", Meaning.TRANSFER_ENCODING);
            default -> Meaning.NOTHING;
        };
    }

    private static Meaning is(String name, String expected, Meaning meaning) {
        return name.equalsIgnoreCase(expected) ? meaning : Meaning.NOTHING;
    }

    /** Whether a field says how a message is to be read, so that it must stand before it. */
    static boolean isFraming(String name) {
        Meaning meaning = of(name);
        return meaning != Meaning.NOTHING || name.equalsIgnoreCase("Host")
                || name.equalsIgnoreCase("Trailer") || name.equalsIgnoreCase("Content-Type")
                || name.equalsIgnoreCase("Content-Encoding") || name.equalsIgnoreCase("Content-Range");
    }

    static long length(String value) {
        try {
            long length = Long.parseLong(value);
            if (length >= 0 && value.charAt(0) != '+') {
                return length;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException("Content-Length must be a number of bytes, not '" + value + "'");
    }

    static boolean closes(String value) {
        return new Headers().add("Connection", value).containsToken("Connection", "close");
    }

    /** RFC 9110, 7.8: both fields, and not in HTTP/1.0. */
    static boolean asksFor(HttpRequest request, String protocol) {
        return request.minorVersion() > 0 && request.headers().containsToken("Connection", "Upgrade")
                && request.headers().containsToken("Upgrade", protocol);
    }
}
