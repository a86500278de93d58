/**
 * HTTP/1.1 without I/O: bytes in, events out, and back. Imports the JDK only, so it can be used, and tested
 * byte by byte, without a loop or a socket.
 *
 * <pre>
 *            RequestParser          ResponseParser                    MessageWriter
 *                 │  └── RequestLine      │                                 │
 *                 └──────────┬────────────┘                        status, fields, chunks
 *                            ▼                                              ▼
 *      LineReader ─▶ FieldSection ─▶ Framing ─▶ BodyDecoder               bytes
 *     (cut lines)   (names, values)  (how long?)  (length, chunks, trailers)
 * </pre>
 *
 * <p>Shared by all: {@code Headers}, {@code HttpLimits}, {@code StringCache} (what comes again is not made
 * again), {@code Tokens} (which bytes may stand where).
 *
 * <p>Reading order: {@code RequestParser}, {@code LineReader}, {@code FieldSection}, {@code Framing}, {@code
 * BodyDecoder}, {@code MessageWriter}. Then {@code io.jvloop.http}, a server on top of it.
 */
package io.jvloop.http.codec;
