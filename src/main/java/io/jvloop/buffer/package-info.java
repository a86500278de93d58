/**
 * Memory: the direct buffers of one loop.
 *
 * <pre>
 *   readable ──▶ scratch()  256 KiB, one per loop ──▶ dataReceived(buffer)     borrowed for the call
 *   write(b) ──▶ socket takes all?  yes: done, no copy
 *                                   no:  rest ──▶ acquire() ──▶ ByteQueue ───▶ socket ──▶ release()
 * </pre>
 *
 * <p>One rule holds in both directions: <em>a buffer is borrowed for the duration of the call</em>. So nobody
 * counts references and nobody can forget to.
 *
 * <p>Read next: {@code io.jvloop.loop}, the reactor.
 */
package io.jvloop.buffer;
