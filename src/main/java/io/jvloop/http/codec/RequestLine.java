package io.jvloop.http.codec;

import java.nio.ByteBuffer;

/** {@code method SP request-target SP HTTP-version}, RFC 9112, 3; the four forms of a target. */
final class RequestLine {
    private static final int BAD_REQUEST = 400;
    private static final int VERSION_NOT_SUPPORTED = 505;
    private static final String CONNECT = "CONNECT";
    private static final String[] METHODS =
            {"POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", CONNECT, "TRACE"};
    private static final String[] SCHEMES = {"http://", "https://"};
    private static final int VERSION_BYTES = 8;

    /** "GET " as a number: for nearly all requests one look instead of a loop. */
    private static final int GET = 'G' << 24 | 'E' << 16 | 'T' << 8 | ' ';

    /** "HTTP/0.0" without its digits, and where they are. */
    private static final long HTTP = 0x48_54_54_50_2F_00_2E_00L;
    private static final long DIGITS = 0xFF_00FFL;
    private static final int MAJOR_SHIFT = 16;
    private static final int GET_BYTES = 3;

    private final StringCache strings;
    private String method;
    private String target;
    private String pathAndQuery;
    private String authority;
    private int minorVersion;

    RequestLine(StringCache strings) {
        this.strings = strings;
    }

    void parse(ByteBuffer in, int start, int end) throws HttpParseException {
        boolean isGet = end - start > GET_BYTES && Tokens.bigEndianInt(in, start) == GET;
        int methodEnd = isGet ? start + GET_BYTES
                : endBeforeSpace(in, start, Tokens.endOfToken(in, start, end), end, "method");
        int targetStart = methodEnd + 1;
        int targetEnd =
                endBeforeSpace(in, targetStart, Tokens.endOfTarget(in, targetStart, end), end, "target");
        minorVersion = version(in, targetEnd + 1, end, BAD_REQUEST);
        method = isGet ? "GET" : method(in, start, methodEnd);
        target = strings.get(in, targetStart, targetEnd);
        authority = null;
        pathAndQuery = target;
        if (in.get(targetStart) != '/' || method.equals(CONNECT)) {
            otherForm();
        }
    }

    private static int endBeforeSpace(ByteBuffer in, int start, int stop, int end, String what)
            throws HttpParseException {
        if (stop == start || stop == end || in.get(stop) != ' ') {
            throw new HttpParseException(BAD_REQUEST, "the request line has no good " + what);
        }
        return stop;
    }

    private String method(ByteBuffer in, int start, int end) {
        for (String known : METHODS) {
            if (known.length() == end - start && is(known, in, start)) {
                return known;
            }
        }
        return strings.get(in, start, end);
    }

    private static boolean is(String known, ByteBuffer in, int start) {
        for (int i = 0; i < known.length(); i++) {
            if (in.get(start + i) != known.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The minor version, 1 at most: later ones have to be understood as if they were 1 (RFC 9110, 2.5). */
    static int version(ByteBuffer in, int start, int end, int fault) throws HttpParseException {
        long bytes = end - start == VERSION_BYTES ? Tokens.bigEndianLong(in, start) : 0;
        int major = (int) (bytes >>> MAJOR_SHIFT) & 0xFF;
        int minor = (int) bytes & 0xFF;
        if ((bytes & ~DIGITS) != HTTP || !Tokens.isDigit(major) || !Tokens.isDigit(minor)) {
            throw new HttpParseException(fault, "no HTTP version where it should be");
        }
        if (major != '1') {
            throw new HttpParseException(fault < 500 ? VERSION_NOT_SUPPORTED : fault,
                    "HTTP version " + (char) major + " is not supported");
        }
        return minor == '0' ? 0 : 1;
    }

    /** Absolute form, authority form, asterisk form; RFC 9112, 3.2. */
    private void otherForm() throws HttpParseException {
        if (method.equals(CONNECT)) {
            if (!HostSyntax.isHostAndPort(target)) {
                throw new HttpParseException(BAD_REQUEST, "CONNECT needs a host and a port");
            }
            authority = target;
        } else if (target.equals("*")) {
            if (!isOptions()) {
                throw new HttpParseException(BAD_REQUEST, "the target * is for OPTIONS only");
            }
        } else {
            absoluteForm();
        }
    }

    private boolean isOptions() {
        return method.equals("OPTIONS");
    }

    private void absoluteForm() throws HttpParseException {
        int host = lengthOfScheme();
        int end = host;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        if (end == host || target.charAt(host) == ':' || !HostSyntax.isHost(target, host, end)) {
            throw new HttpParseException(BAD_REQUEST, "the target's host is not a host");
        }
        authority = target.substring(host, end);
        String rest = target.substring(end);
        pathAndQuery = rest.startsWith("/") ? rest
                : isOptions() && rest.isEmpty() ? "*" : "/" + rest;
    }

    private int lengthOfScheme() throws HttpParseException {
        for (String scheme : SCHEMES) {
            if (target.regionMatches(true, 0, scheme, 0, scheme.length())) {
                return scheme.length();
            }
        }
        throw new HttpParseException(BAD_REQUEST, "the target is neither a path nor an address of HTTP");
    }

    String method() {
        return method;
    }

    String target() {
        return target;
    }

    String pathAndQuery() {
        return pathAndQuery;
    }

    String authority() {
        return authority;
    }

    int minorVersion() {
        return minorVersion;
    }
}
