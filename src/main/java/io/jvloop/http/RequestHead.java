package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.RequestParser;

/**
 * What stands above a request's body. One object for all requests in a row that are the same, since nothing
 * in it can be changed.
 *
 * @param keepsAlive whether the connection may serve another request afterwards
 */
record RequestHead(String method, String target, String pathAndQuery, String authority, Headers headers,
        int minorVersion, boolean keepsAlive) {

    static RequestHead of(RequestParser parser) {
        return new RequestHead(parser.method(), parser.target(), parser.pathAndQuery(), parser.authority(),
                parser.headers(), parser.minorVersion(), parser.keepsAlive());
    }

    /** Whether the parser has read the same again; the other components follow from these. */
    boolean isThatOf(RequestParser parser) {
        return headers == parser.headers() && target == parser.target() && method == parser.method()
                && minorVersion == parser.minorVersion();
    }
}
