package io.jvloop.http.codec;

import java.nio.ByteBuffer;

/**
 * {@code chunk-ext} of RFC 9112, 7.1.1: any number of {@code BWS ";" BWS name [ BWS "=" BWS ( token |
 * quoted-string ) ]}. They are ignored, but have to be well formed: what one program takes for an extension
 * may be more to another.
 */
final class ChunkExtension {
    private ChunkExtension() {
    }

    static boolean isValid(ByteBuffer in, int start, int end) {
        int i = start;
        while (i < end && i >= 0) {
            i = skipBlanks(in, i, end);
            if (i == end || in.get(i) != ';') {
                return false;
            }
            i = element(in, skipBlanks(in, i + 1, end), end);
        }
        return i == end;
    }

    /** Behind a name and its value; -1 if there is none. */
    private static int element(ByteBuffer in, int start, int end) {
        int i = Tokens.endOfToken(in, start, end);
        if (i == start) {
            return -1;
        }
        int equals = skipBlanks(in, i, end);
        if (equals == end || in.get(equals) != '=') {
            return i;
        }
        int value = skipBlanks(in, equals + 1, end);
        if (value < end && in.get(value) == '"') {
            return quoted(in, value + 1, end);
        }
        int stop = Tokens.endOfToken(in, value, end);
        return stop == value ? -1 : stop;
    }

    /** Behind the closing quote. */
    private static int quoted(ByteBuffer in, int start, int end) {
        for (int i = start; i < end; i++) {
            byte c = in.get(i);
            if (c == '"') {
                return i + 1;
            }
            if (c == '\\') {
                i++;
            }
            if (i == end || !Tokens.isValue(in.get(i))) {
                return -1;
            }
        }
        return -1;
    }

    private static int skipBlanks(ByteBuffer in, int start, int end) {
        int i = start;
        while (i < end && Tokens.isBlank(in.get(i))) {
            i++;
        }
        return i;
    }
}
