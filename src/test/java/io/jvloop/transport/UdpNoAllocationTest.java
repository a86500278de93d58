package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the loop's thread allocates while datagrams come and go. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpNoAllocationTest {
    private static final int MESSAGE_BYTES = 100;
    private static final int ROUND_TRIPS = 20_000;

    private static final class Echo implements DatagramProtocol {
        private DatagramTransport transport;

        @Override
        public void connectionMade(DatagramTransport opened) {
            transport = opened;
        }

        @Override
        public void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
            transport.sendTo(data, sender);
        }
    }

    /** The selector boxes a descriptor above 127; and a change of sender costs an address. */
    @ParameterizedTest
    @CsvSource({"1, 16", "2, 136"})
    @Contract(section = BETTER, value = "The echo of a datagram allocates at most 16 bytes on the loop's "
            + "thread, and if the sender changes 120 for its address; all of it is the JDK's")
    void echoAllocatesNothingOfOurs(int senders, double mostBytes, EventLoop loop) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count allocations");
        threads.setThreadAllocatedMemoryEnabled(true);
        loop.setDebug(false);
        DatagramTransport transport = Datagrams.bind(loop, new InetSocketAddress("127.0.0.1", 0), Echo::new,
                DatagramConfig.DEFAULT);
        DatagramChannel[] peers = new DatagramChannel[senders];
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < senders; i++) {
                peers[i] = DatagramChannel.open().connect(transport.localAddress());
            }
            long id = thread.thread().getId();
            roundTrips(peers, ROUND_TRIPS / 2);
            long before = threads.getThreadAllocatedBytes(id);
            roundTrips(peers, ROUND_TRIPS);
            long allocated = threads.getThreadAllocatedBytes(id) - before;
            assertThat((double) allocated / ROUND_TRIPS).as("bytes per echo").isLessThanOrEqualTo(mostBytes);
            thread.run(transport::abort);
        } finally {
            for (DatagramChannel peer : peers) {
                peer.close();
            }
        }
    }

    private static void roundTrips(DatagramChannel[] peers, int count) throws IOException {
        ByteBuffer message = Bytes.direct(Bytes.noise(MESSAGE_BYTES));
        ByteBuffer answer = ByteBuffer.allocateDirect(MESSAGE_BYTES + 1);
        for (int i = 0; i < count; i++) {
            DatagramChannel peer = peers[i % peers.length];
            peer.write(message.clear());
            assertThat(peer.read(answer.clear())).isEqualTo(MESSAGE_BYTES);
        }
        assertThat(answer.flip()).isEqualTo(message.clear());
    }
}
