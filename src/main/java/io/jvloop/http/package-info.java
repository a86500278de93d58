/**
 * HTTP/1.1 servers on the transports.
 *
 * <pre>
 *   HttpServer.listen ──▶ Service ──▶ Workspace           one for each loop: strings, writer, date, clock
 *                            │
 *                            ▼
 *   bytes ──▶ HttpConnection ──▶ RequestParser ──▶ HttpRequest ──▶ HttpHandler   (yours)
 *             │    │    │         (http.codec)      RequestBody        │
 *             │ Backlog │                                              ▼
 *             │      Exchange ◀──────────────────────────────── HttpResponse
 *         Deadlines     │                                              │ upgrade
 *                       │                              HandOver ◀──────┘
 *                       ▼
 *   bytes ◀── Outlet ◀── AnswerWriter ◀── MessageWriter
 *   files ◀── FileAnswer                  (http.codec)
 * </pre>
 *
 * <p>The way of a GET: {@code dataReceived → RequestParser.next → HttpHandler.handle → HttpResponse.end →
 * AnswerWriter → Outlet → write}, all within the readiness event of its socket. Answers to one read are one
 * write, however many there are.
 *
 * <p>Reading order: {@code HttpHandler}, {@code HttpRequest}, {@code HttpResponse} (the contract); {@code
 * HttpConnection} and {@code Exchange} (what may happen when); {@code AnswerWriter}, {@code Outlet}; {@code
 * Deadlines} with {@code Workspace}. Then the file server among the examples.
 */
package io.jvloop.http;
