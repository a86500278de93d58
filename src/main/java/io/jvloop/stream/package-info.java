/**
 * Streams: protocols for people who would rather read than be called.
 *
 * <pre>
 *      program           read, readLine, readUntil …             write, drain, close
 *         │                      │                                      │
 *         ▼                      ▼                                      ▼
 *    Streams.open,         StreamReader ◀─ feedData ─┐            StreamWriter
 *    Streams.serve           │      ▲                │                  │
 *                            ▼      └ pause, resume ─┤                  ▼
 *                       StreamBuffer            StreamProtocol ── write, pauseWriting, resumeWriting
 *                                                    │
 *                                             io.jvloop.transport
 * </pre>
 *
 * <p>All futures complete on the loop. Off it, on a virtual thread for example, the same calls with {@code
 * join()} read as code in a straight line.
 *
 * <p>Reading order: {@code StreamReader} (the contract), {@code Want} (what a read waits for), {@code
 * StreamProtocol} (the glue). Then {@code io.jvloop.process}, which has streams to its children.
 */
package io.jvloop.stream;
