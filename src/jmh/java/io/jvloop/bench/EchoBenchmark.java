package io.jvloop.bench;

import io.jvloop.alternatives.BareSelectorEcho;
import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A message to an echo server and back over loopback, one at a time, by a client that blocks: what one user
 * waits for, and with {@code -prof gc} what a message costs in garbage. Beside jvloop stands a selector with
 * nothing around it; the difference is what the library takes for itself.
 *
 * <p>Most of the time goes into the system's waking of one thread by the other, which a loop that spins for
 * 50 µs before it sleeps is spared. How long that takes depends on whether the system runs both on one core,
 * and it may change its mind; on Linux {@code taskset -c 0} in front of the command settles that, except for
 * the loop that spins. See {@link EchoComparison} for the cost of many connections.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class EchoBenchmark {
    @Param({"jvloop", "jvloop, spinning", "selector"})
    private String server;

    @Param({"1024", "10240", "102400"})
    private int bytes;

    private RunningServer running;
    private SocketChannel client;
    private ByteBuffer message;
    private ByteBuffer answer;

    @Setup
    public void connect() throws IOException {
        running = server.equals("selector") ? new SelectorServer()
                : new LoopServer(Duration.ofNanos(server.equals("jvloop") ? 0 : 50_000));
        client = SocketChannel.open(running.address());
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        message = ByteBuffer.allocateDirect(bytes);
        answer = ByteBuffer.allocateDirect(bytes);
    }

    @TearDown
    public void close() throws IOException, InterruptedException {
        client.close();
        running.close();
    }

    @Benchmark
    public int roundTrip() throws IOException {
        client.write(message.clear()); // blocks until all is written
        answer.clear();
        while (answer.hasRemaining()) {
            if (client.read(answer) < 0) {
                throw new EOFException();
            }
        }
        return answer.position();
    }

    /** A server in a thread of its own. */
    private interface RunningServer {
        SocketAddress address();

        void close() throws IOException, InterruptedException;
    }

    /** {@link Echo} on a loop. */
    private static final class LoopServer implements RunningServer {
        private final EventLoop loop = EventLoop.create();
        private final Server server;
        private final SocketAddress address;
        private final Thread thread = new Thread(loop::runForever, "loop");

        LoopServer(Duration spinBudget) throws IOException {
            loop.setSpinBudget(spinBudget);
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            server = Net.listen(loop, any, Echo::new);
            address = server.addresses().get(0);
            thread.start();
        }

        @Override
        public SocketAddress address() {
            return address;
        }

        @Override
        public void close() throws InterruptedException {
            loop.callSoonThreadsafe(() -> {
                server.close();
                server.abortClients();
                loop.stop();
            });
            thread.join();
            loop.close();
        }
    }

    /** The bare selector. */
    private static final class SelectorServer implements RunningServer {
        private final BareSelectorEcho echo = new BareSelectorEcho();
        private final Thread thread = new Thread(echo, "selector");

        SelectorServer() throws IOException {
            thread.start();
        }

        @Override
        public SocketAddress address() {
            return echo.address();
        }

        @Override
        public void close() throws IOException, InterruptedException {
            echo.close();
            thread.join();
        }
    }

    /** Sends back what it receives. */
    private static final class Echo implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport made) {
            transport = made;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }

        @Override
        public void pauseWriting() {
            transport.pauseReading();
        }

        @Override
        public void resumeWriting() {
            transport.resumeReading();
        }
    }
}
