package io.jvloop.stream;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.ReadTransport;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The bytes of a stream, read when the program wants them, instead of when they come. Every read is a future,
 * completed on the loop:
 *
 * <pre>
 * reader.readLine().thenAccept(line -&gt; …);       // on the loop
 * byte[] line = reader.readLine().join();        // anywhere else, a virtual thread for example
 * </pre>
 *
 * <p><b>One at a time.</b> While a read waits, another one fails with {@code IllegalStateException}. A read
 * may be cancelled or time out at any moment: what it would have got stays for the next one.
 *
 * <p><b>Back-pressure.</b> While nobody waits and more than twice the limit is here, the transport is paused;
 * it goes on when the limit is reached, or somebody wants more than there is.
 *
 * <p><b>Failure.</b> What {@code connectionLost} got, every read gets from then on, whatever is still here.
 * After an orderly end reads give what is left, and then nothing: an empty array.
 *
 * <p><b>Thread.</b> Any, unless a method says otherwise; calls of one thread keep their order.
 *
 * <p>The rules are those of asyncio's {@code StreamReader}.
 */
public final class StreamReader {
    /** The limit if none is given: 64 KiB. */
    public static final int DEFAULT_LIMIT = 64 * 1024;

    private static final byte[][] LINE_FEED = {{'\n'}};

    private final EventLoop loop;
    private final int limit;
    private final StreamBuffer buffer = new StreamBuffer();
    private ReadTransport transport; // null for one that is fed by hand
    private PendingRead<?> waiting; // null, or perhaps cancelled meanwhile
    private boolean paused; // by us
    private boolean ended;
    private Throwable failure;

    private StreamReader(EventLoop loop, int limit) {
        this.loop = loop;
        this.limit = limit;
    }

    /**
     * Makes a reader for a protocol of one's own, which calls {@link #feedData}, {@link #feedEof} and {@link
     * #setException}. For connections and pipes {@link Streams} does it all.
     *
     * @param loop where its futures complete
     * @param limit bytes; the longest line, and half of what may wait to be read
     * @return a reader without a transport
     * @throws IllegalArgumentException if the limit is not positive
     */
    public static StreamReader create(EventLoop loop, int limit) {
        return new StreamReader(Objects.requireNonNull(loop, "loop"), requireLimit(limit));
    }

    static int requireLimit(int limit) {
        if (limit <= 0) {
            throw new IllegalArgumentException("a stream's limit must be positive, not " + limit);
        }
        return limit;
    }

    // ---------------------------------------------------------------------------------------------- reading

    /**
     * Reads what there is, or waits for something.
     *
     * @param most how many bytes at most; 0 gives none at once, and a negative number reads {@link #read() to
     *            the end}
     * @return 1 to {@code most} bytes; none at the end of the stream
     */
    public CompletableFuture<byte[]> read(int most) {
        return submit(most < 0 ? Want.all() : new Want.Some(most));
    }

    /**
     * Reads to the end of the stream, however much that is: the limit does not count, memory does.
     *
     * @return all the bytes
     */
    public CompletableFuture<byte[]> read() {
        return read(-1);
    }

    /**
     * Reads a number of bytes, which may be more than the limit.
     *
     * @param count how many
     * @return that many; it fails with {@link IncompleteReadException}, which has the rest, if the stream
     *         ends before
     * @throws IllegalArgumentException if the count is negative
     */
    public CompletableFuture<byte[]> readExactly(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("cannot read " + count + " bytes");
        }
        return submit(Want.exactly(count));
    }

    /**
     * Reads a line, with its line feed, so that a last line without one can be told from the others.
     *
     * @return the line; at the end of the stream what is left, at last nothing. A line longer than the limit
     *         fails with {@link LimitOverrunException}, and is dropped as far as it is here: if its end is,
     *         the next line can be read
     */
    public CompletableFuture<byte[]> readLine() {
        return submit(line());
    }

    private Want line() {
        return new SeparatorWant(LINE_FEED, limit, SeparatorWant.Mode.LINE);
    }

    /**
     * Reads a line as text, as {@code BufferedReader} does: without its end, which is a line feed, perhaps
     * after a carriage return.
     *
     * @param charset one in which a line feed is the byte 10 and nothing else is, such as UTF-8
     * @return the line; null at the end of the stream; otherwise as {@link #readLine()}
     */
    public CompletableFuture<String> readLine(Charset charset) {
        Objects.requireNonNull(charset, "charset");
        return submit(line(), bytes -> text(bytes, charset));
    }

    private static String text(byte[] line, Charset charset) {
        int end = line.length;
        if (end == 0) {
            return null;
        }
        if (line[end - 1] == '\n') {
            end--;
            end -= end > 0 && line[end - 1] == '\r' ? 1 : 0;
        }
        return new String(line, 0, end, charset);
    }

    /**
     * Reads up to and including a separator.
     *
     * @param separator UTF-8
     * @return see {@link #readUntil(byte[]...)}
     */
    public CompletableFuture<byte[]> readUntil(String separator) {
        return readUntil(separator.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads up to and including the first of several separators: the one that ends first, so that it does not
     * matter in which pieces the bytes arrive.
     *
     * @param separators at least one, none empty; copied
     * @return the bytes. It fails with {@link LimitOverrunException} if more than the limit stands before the
     *         separator, and then takes nothing; and with {@link IncompleteReadException} if the stream ends
     *         before
     * @throws IllegalArgumentException if there is no separator, or an empty one
     */
    public CompletableFuture<byte[]> readUntil(byte[]... separators) {
        byte[][] copies = new byte[separators.length][];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = separators[i].clone();
            if (copies[i].length == 0) {
                throw new IllegalArgumentException("a separator has at least one byte");
            }
        }
        if (copies.length == 0) {
            throw new IllegalArgumentException("name at least one separator");
        }
        return submit(new SeparatorWant(copies, limit, SeparatorWant.Mode.STRICT));
    }

    /**
     * Calls a function with each line to come, one after the other: the next when the stage it has returned
     * for the last is complete. On the loop's thread.
     *
     * @param action gets the line as {@link #readLine()} gives it; may return null to go on at once
     * @return complete at the end of the stream; fails as soon as reading or the action does. Cancelling it
     *         ends the iteration before the next line
     */
    public CompletableFuture<Void> forEachLine(Function<byte[], ? extends CompletionStage<?>> action) {
        return new Iteration(loop, this::readLine, Objects.requireNonNull(action, "action")).start();
    }

    /**
     * {@link #forEachLine}, but with whatever pieces the bytes come in: to copy a stream, for example.
     *
     * @param most how many bytes at most are a piece
     * @param action gets a piece of at least one byte
     * @return see {@link #forEachLine}
     * @throws IllegalArgumentException if a piece may not even have one byte
     */
    public CompletableFuture<Void> forEachPiece(int most,
            Function<byte[], ? extends CompletionStage<?>> action) {
        if (most < 1) {
            throw new IllegalArgumentException("a piece has at least one byte, not " + most);
        }
        return new Iteration(loop, () -> read(most), Objects.requireNonNull(action, "action")).start();
    }

    /**
     * {@return whether the stream has ended and everything was read} Off the loop as of the last read that
     * was waited for.
     */
    public boolean atEof() {
        return ended && buffer.isEmpty();
    }

    /** {@return what every read fails with; null if the stream is in order} As {@link #atEof}. */
    public Throwable exception() {
        return failure;
    }

    /** {@return the limit, in bytes} */
    public int limit() {
        return limit;
    }

    private CompletableFuture<byte[]> submit(Want want) {
        return submit(want, bytes -> bytes);
    }

    private <T> CompletableFuture<T> submit(Want want, Function<byte[], T> form) {
        CompletableFuture<T> result = loop.createFuture();
        PendingRead<T> read = new PendingRead<>(want, form, result);
        Request.make(loop, "read", result, () -> begin(read));
        return result;
    }

    private void begin(PendingRead<?> read) {
        if (failure != null) {
            read.fail(failure);
        } else if (isAwaited()) {
            read.fail(new IllegalStateException(
                    "another read waits already on " + this + "; streams are read by one at a time"));
        } else {
            if (!read.serve(buffer, ended)) {
                waiting = read;
            }
            settle();
        }
    }

    private boolean isAwaited() {
        return waiting != null && waiting.isWaiting();
    }

    // ---------------------------------------------------------------------------------------------- feeding

    /**
     * Bytes have arrived. Loop thread.
     *
     * @param data all is taken; borrowed
     * @throws IllegalStateException after {@link #feedEof}
     */
    public void feedData(ByteBuffer data) {
        loop.requireLoopThread("feedData");
        if (ended) {
            throw new IllegalStateException("feedData after feedEof on " + this);
        }
        if (data.hasRemaining() && !servedAtOnce(data)) {
            buffer.append(data);
            serveWaiting();
        }
    }

    /** The short way, for a read that takes all of it as it is. */
    private boolean servedAtOnce(ByteBuffer data) {
        PendingRead<?> read = waiting;
        if (read == null || !buffer.isEmpty()) {
            return false;
        }
        waiting = null; // first, for whoever is served may read on at once
        if (read.serveAtOnce(data)) {
            return true;
        }
        waiting = read;
        return false;
    }

    /** No more bytes will come. Idempotent. Loop thread. */
    public void feedEof() {
        loop.requireLoopThread("feedEof");
        ended = true;
        serveWaiting();
    }

    private void serveWaiting() {
        PendingRead<?> read = waiting;
        waiting = null; // first, for whoever is served may read on at once
        if (read != null && read.isWaiting() && !read.serve(buffer, ended)) {
            waiting = read;
        }
        settle();
    }

    /**
     * The stream is broken: every read fails from now on. Loop thread.
     *
     * @param cause why; the first one counts
     */
    public void setException(Throwable cause) {
        loop.requireLoopThread("setException");
        if (failure == null) {
            failure = Objects.requireNonNull(cause, "cause");
        }
        PendingRead<?> read = waiting;
        waiting = null;
        if (read != null) {
            read.fail(failure);
        }
    }

    /**
     * Says whom to pause when too much is waiting. Loop thread.
     *
     * @param newTransport the source of the bytes; one that cannot pause is left alone
     */
    public void setTransport(ReadTransport newTransport) {
        loop.requireLoopThread("setTransport");
        transport = newTransport;
        paused = false;
        settle();
    }

    /** What is here belongs to another layer. */
    ByteBuffer takeAll() {
        ByteBuffer all = ByteBuffer.wrap(buffer.take(buffer.size()));
        if (waiting != null) {
            waiting.startAgain();
        }
        buffer.trim(); // and whoever takes over resumes the transport
        return all;
    }

    /** After each change: lets go of what is empty, and pauses or resumes the transport. */
    private void settle() {
        buffer.trim();
        if (transport == null) {
            return;
        }
        if (!paused && buffer.size() > 2L * limit && !isAwaited() && !ended) {
            pause();
        } else if (paused && (buffer.size() <= limit || isAwaited())) {
            paused = false;
            transport.resumeReading();
        }
    }

    private void pause() {
        try {
            transport.pauseReading();
            paused = true;
        } catch (UnsupportedOperationException cannotPause) {
            transport = null; // then memory has to do
        }
    }

    @Override
    public String toString() {
        return "StreamReader[" + buffer.size() + " bytes" + (paused ? ", paused" : "")
                + (isAwaited() ? ", a read waits" : "") + (ended ? ", at its end" : "")
                + (failure == null ? "" : ", failed with " + failure)
                + (transport == null ? "" : ", of " + transport) + "]";
    }
}
