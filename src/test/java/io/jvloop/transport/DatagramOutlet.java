package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A socket that takes or refuses datagrams as a test says, since the kernel's loopback never refuses any. It
 * insists on direct buffers.
 */
final class DatagramOutlet implements UdpSender.Outlet {
    /** A datagram that was taken. */
    record Sent(byte[] bytes, InetSocketAddress to) {
    }

    private final List<Sent> taken = new ArrayList<>();
    private final Deque<IOException> failures = new ArrayDeque<>();
    private int room = Integer.MAX_VALUE;
    private int calls;

    /** An endpoint with a real channel that sends through this outlet instead. */
    UdpTransport bind(EventLoop loop, DatagramProtocol protocol) throws IOException {
        DatagramChannel channel = DatagramChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        UdpTransport transport = new UdpTransport(loop, channel, protocol, DatagramConfig.DEFAULT, this);
        transport.start(loop.register(channel, 0, transport), () -> {}, () -> {});
        return transport;
    }

    /** Takes so many more datagrams, then none. */
    DatagramOutlet room(int datagrams) {
        room = datagrams;
        return this;
    }

    /** Fails the next call for which there is room. */
    DatagramOutlet fail(IOException failure) {
        failures.add(failure);
        return this;
    }

    @Override
    public int send(ByteBuffer data, InetSocketAddress to) throws IOException {
        assertThat(data.isDirect()).as("a direct buffer").isTrue();
        calls++;
        if (room == 0) {
            return 0;
        }
        if (!failures.isEmpty()) {
            throw failures.poll();
        }
        room--;
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        taken.add(new Sent(bytes, to));
        return bytes.length;
    }

    List<Sent> taken() {
        return taken;
    }

    List<Integer> takenSizes() {
        return taken.stream().map(sent -> sent.bytes().length).toList();
    }

    int calls() {
        return calls;
    }
}
