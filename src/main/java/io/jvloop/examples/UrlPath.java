package io.jvloop.examples;

import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The path of a URL as names of files. It is cut at its slashes first and decoded then, so that an encoded
 * slash is a character of a name, which no file has.
 *
 * @param names decoded
 * @param isFolder whether it ends with a slash
 */
record UrlPath(List<String> names, boolean isFolder) {
    private static final int HEX = 16;

    static UrlPath parse(String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("not a path: " + path);
        }
        List<String> names = new ArrayList<>();
        for (String segment : path.split("/")) {
            if (!segment.isEmpty()) {
                names.add(checked(decode(segment)));
            }
        }
        return new UrlPath(names, path.endsWith("/"));
    }

    /** Whether a path may have it: a backslash, for example, separates names on some systems. */
    static boolean isName(String name) {
        return !name.equals(".") && !name.equals("..") && name.indexOf('/') < 0 && name.indexOf('\\') < 0
                && name.indexOf('\0') < 0;
    }

    private static String checked(String name) {
        if (!isName(name)) {
            throw new IllegalArgumentException("not the name of a file: " + name);
        }
        return name;
    }

    private static String decode(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '%') {
                bytes.put((byte) c);
                continue;
            }
            if (i + 2 >= text.length()) {
                throw new IllegalArgumentException("a torn escape: " + text);
            }
            bytes.put((byte) (digit(text.charAt(i + 1)) * HEX + digit(text.charAt(i + 2))));
            i += 2;
        }
        try { // strictly: overlong forms of a dot or a slash are no UTF-8
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not UTF-8: " + text, e);
        }
    }

    private static int digit(char c) {
        int digit = c < 0x80 ? Character.digit(c, HEX) : -1;
        if (digit < 0) {
            throw new IllegalArgumentException("not a hexadecimal digit: " + c);
        }
        return digit;
    }

    Path in(Path folder) {
        Path path = folder;
        for (String name : names) {
            path = path.resolve(name);
        }
        return path;
    }

    /** For a Location: always one slash at its beginning, or it might name another host. */
    String encoded() {
        return names.stream().map(UrlPath::encode).collect(Collectors.joining("/", "/", ""));
    }

    static String encode(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
