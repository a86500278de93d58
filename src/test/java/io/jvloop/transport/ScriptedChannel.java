package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/** A channel that takes as many bytes of each call as a test says. It insists on direct buffers. */
public final class ScriptedChannel implements GatheringByteChannel {
    /** An appetite that makes the call fail. */
    public static final int FAIL = -1;

    private final IntSupplier appetite;
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final List<Integer> calls = new ArrayList<>();
    private final List<ByteBuffer> seen = new ArrayList<>();

    /** Asks {@code appetite} at each call how many bytes to take at most. */
    public ScriptedChannel(IntSupplier appetite) {
        this.appetite = appetite;
    }

    public static ScriptedChannel takesEverything() {
        return new ScriptedChannel(() -> Integer.MAX_VALUE);
    }

    public byte[] taken() {
        return taken.toByteArray();
    }

    public int takenCount() {
        return taken.size();
    }

    /** For each call how many buffers it was given. */
    public List<Integer> calls() {
        return calls;
    }

    /** Every buffer ever given. */
    public List<ByteBuffer> seen() {
        return seen;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return (int) write(new ByteBuffer[] {source}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        return write(sources, 0, sources.length);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        calls.add(length);
        int most = appetite.getAsInt();
        if (most == FAIL) {
            throw new IOException("scripted failure");
        }
        int left = most;
        for (int i = offset; i < offset + length; i++) {
            ByteBuffer source = sources[i];
            assertThat(source.isDirect()).as("a direct buffer").isTrue();
            seen.add(source);
            byte[] bytes = new byte[Math.min(left, source.remaining())];
            source.get(bytes);
            taken.writeBytes(bytes);
            left -= bytes.length;
        }
        return most - left;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("its owner closes a channel");
    }
}
