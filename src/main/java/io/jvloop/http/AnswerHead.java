package io.jvloop.http;

import io.jvloop.http.codec.Headers;

/**
 * What stands above the content of an answer, and below it. Of the thread that answers, then of the loop's.
 *
 * <p>There is one for each request, so its size matters: that is why the status is a short.
 */
final class AnswerHead {
    /** The content's length is not known. */
    static final long UNKNOWN = -1;

    private static final int OK = 200;
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int HIGHEST_STATUS = 999;
    private static final int NO_CONTENT = 204;
    private static final int RESET_CONTENT = 205;
    private static final int REDIRECTION = 300;
    private static final int NOT_MODIFIED = 304;
    private static final int CLIENT_ERROR = 400;

    private boolean closes;
    private short status = OK;
    private long length = UNKNOWN;
    private long written; // of the content, by the one who answers
    private Headers fields; // null for none
    private Headers trailers; // null for none

    void status(int code) {
        if (code < OK || code > HIGHEST_STATUS) {
            throw new IllegalArgumentException("the status of an answer is 200 to 999, not " + code
                    + "; 100 is sent by itself, 101 by upgrade()");
        }
        status = (short) code;
    }

    void switchesTo(HttpConnection connection, String protocol) {
        field(connection, "Upgrade", protocol, false);
        status = SWITCHING_PROTOCOLS;
    }

    void field(HttpConnection connection, String name, String value, boolean more) {
        switch (FieldRules.of(name)) {
            case CONTENT_LENGTH -> length = FieldRules.length(value);
            case CONNECTION -> closes |= FieldRules.closes(value);
            case TRANSFER_ENCODING -> throw new IllegalArgumentException(
                    "Transfer-Encoding is set by itself: use write() for an answer in chunks");
            default -> {
                fields = fields == null ? connection.takeHeaders() : fields;
                if (more) {
                    fields.add(name, value);
                } else {
                    fields.set(name, value);
                }
            }
        }
    }

    void trailer(String name, String value) {
        trailers = trailers == null ? new Headers() : trailers;
        trailers.add(name, value);
    }

    /** Null for none. */
    Headers trailers() {
        return trailers;
    }

    boolean contains(String name) {
        return fields != null && fields.contains(name);
    }

    /** More content is there. */
    void count(long bytes) {
        if (bytes > 0 && (status == NO_CONTENT || status == RESET_CONTENT || status == NOT_MODIFIED)) {
            throw new IllegalStateException("status " + status + " has no content (RFC 9110, 15), but got "
                    + bytes + " bytes");
        }
        if (length != UNKNOWN && bytes > length - written) {
            throw new IllegalStateException(
                    "Content-Length is " + length + ", the content has " + (written + bytes));
        }
        written += bytes;
    }

    /** No more content follows, but the last of it. */
    void requireComplete(boolean isHead, long last) {
        long all = written + last;
        if (length > all && !(isHead && all == 0) && status != NOT_MODIFIED) {
            throw new IllegalStateException("Content-Length is " + length + ", the content has " + all);
        }
    }

    void length(long bytes) {
        if (bytes < 0 || length != UNKNOWN && length != bytes) {
            throw new IllegalArgumentException(
                    "a length of " + bytes + " bytes, Content-Length is " + length);
        }
        length = bytes;
    }

    /** All of the content, and its length. Nothing is changed if that may not be. */
    void whole(long bytes) {
        long before = length;
        length(bytes);
        try {
            count(bytes);
        } catch (IllegalStateException noContent) {
            length = before;
            throw noContent;
        }
    }

    int status() {
        return status;
    }

    /** What Content-Length is to say, or UNKNOWN. */
    long length() {
        return length;
    }

    boolean closes() {
        return closes;
    }

    boolean hasDate() {
        return contains("Date");
    }

    /** Whether the status says that there is none, whatever the length. */
    boolean hasNoContent() {
        return status == NO_CONTENT || status == NOT_MODIFIED;
    }

    /** Whether the client takes what follows for something else: RFC 9112, 6.3. There is no length either. */
    boolean isTunnel(HttpRequest request) {
        return status < REDIRECTION && request.isConnect();
    }

    /** Whether the request is not refused. */
    boolean isGood() {
        return status < CLIENT_ERROR;
    }

    boolean mayTellLength() {
        return status == NOT_MODIFIED && length >= 0;
    }

    boolean isReset() {
        return status == RESET_CONTENT;
    }

    boolean switchesProtocols() {
        return status == SWITCHING_PROTOCOLS;
    }

    /** The fields, whose list is the caller's now; null for none. */
    Headers giveFields() {
        Headers given = fields;
        fields = null;
        return given;
    }

    @Override
    public String toString() {
        return status + (length == UNKNOWN ? "" : ", " + length + " bytes");
    }
}
