package io.jvloop.http.codec;

/**
 * Where a message ends and whether another one may follow, by its fields (RFC 9112, 6 and 9). Whatever is
 * ambiguous is refused: of two programs that read one message differently, an attacker makes two messages.
 */
final class Framing {
    /** The body's length is not known before its end. */
    static final long CHUNKED = -1;

    private static final long NONE = -2;
    private static final int NOT_IMPLEMENTED = 501;
    private static final int TOO_LARGE = 413;
    private static final int LONGEST_NUMBER = 19; // digits that may be within Long.MAX_VALUE

    private final int fault;
    private long length;
    private String codings; // of Transfer-Encoding, null if there is none
    private String host;
    private boolean severalHosts;
    private boolean close;
    private boolean keepAlive;
    private String expectation;
    private String checkedHost; // the last good one: mostly the same string comes again

    Framing(int fault) {
        this.fault = fault;
        begin();
    }

    void begin() {
        length = NONE;
        codings = null;
        host = null;
        severalHosts = false;
        close = false;
        keepAlive = false;
        expectation = null;
    }

    void field(Name name, String value) throws HttpParseException {
        switch (name) {
            case CONTENT_LENGTH -> contentLength(value);
            case TRANSFER_ENCODING -> codings = codings == null ? value : codings + ',' + value;
            case HOST -> {
                severalHosts |= host != null;
                host = value;
            }
            case CONNECTION -> {
                close |= ListElements.contains(value, "close");
                keepAlive |= ListElements.contains(value, "keep-alive");
            }
            case EXPECT -> expectation = expectation == null ? value : expectation + ',' + value;
            default -> {
                // means nothing here
            }
        }
    }

    /** RFC 9112, 6.3: a list of equal numbers might be taken for one; but whoever sends it is suspect. */
    private void contentLength(String value) throws HttpParseException {
        if (length != NONE) {
            throw new HttpParseException(fault, "several Content-Length fields");
        }
        int digits = value.length();
        for (int i = 0; i < digits; i++) {
            if (!Tokens.isDigit(value.charAt(i))) {
                throw new HttpParseException(fault, "Content-Length is not a number");
            }
        }
        if (digits == 0) {
            throw new HttpParseException(fault, "Content-Length is empty");
        }
        try {
            length = Long.parseLong(value);
        } catch (NumberFormatException tooLarge) {
            throw new HttpParseException(fault < 500 && digits >= LONGEST_NUMBER ? TOO_LARGE : fault,
                    "Content-Length is beyond all limits");
        }
    }

    /** All fields are known: how long is the body? {@link #CHUNKED}, or a number, or {@code absent}. */
    long bodyLength(int minorVersion, long absent) throws HttpParseException {
        if (codings == null) {
            return length == NONE ? absent : length;
        }
        if (length != NONE) {
            throw new HttpParseException(fault, "both Content-Length and Transfer-Encoding");
        }
        if (minorVersion == 0) {
            throw new HttpParseException(fault, "Transfer-Encoding in HTTP/1.0");
        }
        checkCodings();
        return CHUNKED;
    }

    /** Empty elements may be ignored (RFC 9110, 5.6.1), but programs are known to disagree on them here. */
    private void checkCodings() throws HttpParseException {
        boolean others = false;
        int start = 0;
        int end = ListElements.end(codings, start);
        while (end < codings.length()) {
            if (ListElements.is(codings, start, end, "chunked")) {
                throw new HttpParseException(fault,
                        "chunked is not the last transfer coding, or applied twice");
            }
            if (ListElements.is(codings, start, end, "")) {
                throw new HttpParseException(fault, "an empty transfer coding");
            }
            others = true;
            start = end + 1;
            end = ListElements.end(codings, start);
        }
        if (!ListElements.is(codings, start, end, "chunked")) {
            throw new HttpParseException(fault, "the last transfer coding is not chunked");
        }
        if (others) {
            throw new HttpParseException(fault < 500 ? NOT_IMPLEMENTED : fault,
                    "transfer codings other than chunked are not supported");
        }
    }

    /** RFC 9112, 9.3. */
    boolean keepsAlive(int minorVersion) {
        return !close && (minorVersion > 0 || keepAlive);
    }

    /** RFC 9112, 3.2: exactly one, and a good one; HTTP/1.0 may do without. */
    void checkHost(int minorVersion) throws HttpParseException {
        if (severalHosts) {
            throw new HttpParseException(fault, "several Host fields");
        }
        if (host == null) {
            if (minorVersion > 0) {
                throw new HttpParseException(fault, "no Host field");
            }
        } else if (host != checkedHost) { // by identity: strings that come again are the same
            if (!HostSyntax.isHost(host, 0, host.length())) {
                throw new HttpParseException(fault, "the Host field is not a host");
            }
            checkedHost = host;
        }
    }

    String host() {
        return host;
    }

    /** The elements of Expect, or null. */
    String expectation() {
        return expectation;
    }
}
