package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Transport;

/**
 * A request: its head, which may be kept and read on any thread, and its {@link #body}, which belongs to the
 * loop's thread.
 */
public final class HttpRequest {
    private final HttpConnection connection;
    private final RequestHead head;
    private final RequestBody body; // null if there is none

    HttpRequest(HttpConnection connection, RequestHead head, RequestBody body) {
        this.connection = connection;
        this.head = head;
        this.body = body;
    }

    /** {@return the method, in capitals as sent: {@code GET}} */
    public String method() {
        return head.method();
    }

    /** {@return the target as sent, mostly a path with a query} */
    public String target() {
        return head.target();
    }

    /**
     * {@return the path, as sent: percent-encoded, with dots and doubled slashes if there are any} For a
     * proxy's kind of target, {@code http://host/path}, the part behind the host; {@code *} for OPTIONS of
     * the whole server, host and port for CONNECT.
     */
    public String path() {
        String pathAndQuery = head.pathAndQuery();
        int question = pathAndQuery.indexOf('?');
        return question < 0 ? pathAndQuery : pathAndQuery.substring(0, question);
    }

    /** {@return what follows the path's question mark, as sent; null if there is none} */
    public String query() {
        String pathAndQuery = head.pathAndQuery();
        int question = pathAndQuery.indexOf('?');
        return question < 0 ? null : pathAndQuery.substring(question + 1);
    }

    /** {@return who the client thinks this server is, with the port if it said so; null in HTTP/1.0} */
    public String authority() {
        return head.authority();
    }

    /** {@return 1 for HTTP/1.1, 0 for HTTP/1.0} */
    public int minorVersion() {
        return head.minorVersion();
    }

    /** {@return the header fields; read-only, a {@link Headers#copy} can be changed} */
    public Headers headers() {
        return head.headers();
    }

    /**
     * Looks a header field up.
     *
     * @param name in any case
     * @return the value of the first such field, or null
     */
    public String header(String name) {
        return head.headers().get(name);
    }

    /** {@return the body, an empty one if the request has none} Loop thread. */
    public RequestBody body() {
        return body == null ? RequestBody.none(connection) : body;
    }

    /** {@return the connection: for its addresses, and what TLS has agreed on. Its bytes belong to HTTP} */
    public Transport transport() {
        return connection.transport();
    }

    /** {@return the loop that serves the connection} */
    public EventLoop loop() {
        return connection.loop();
    }

    HttpConnection connection() {
        return connection;
    }

    boolean isConnect() {
        return method().equals("CONNECT");
    }

    boolean isHead() {
        return method().equals("HEAD");
    }

    /** Whether the connection may serve another request afterwards. */
    boolean keepsAlive() {
        return head.keepsAlive();
    }

    @Override
    public String toString() {
        return method() + " " + target() + " from " + connection.transport().remoteAddress();
    }
}
