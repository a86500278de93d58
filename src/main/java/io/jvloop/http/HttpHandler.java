package io.jvloop.http;

/**
 * Answers requests. Called on the loop's thread, for one request of a connection after the other: what blocks
 * belongs on {@link io.jvloop.loop.EventLoop#runInExecutor}, whose future {@link HttpResponse#await} takes.
 *
 * <pre>
 * (request, response) -&gt; response.end("hello\n")
 * (request, response) -&gt; response.await(database.find(request.path()), found -&gt; response.end(found))
 * </pre>
 */
@FunctionalInterface
public interface HttpHandler {
    /**
     * A request has come; its body may still be on its way. The answer may be given now, or later and from
     * any thread; the connection's next request waits for its end.
     *
     * @param request what is asked
     * @param response to be answered with, sooner or later with {@code end}
     * @throws Exception is reported to the loop's exception handler, and answered with status 500; if an
     *             answer has begun already the connection is closed
     */
    void handle(HttpRequest request, HttpResponse response) throws Exception;
}
