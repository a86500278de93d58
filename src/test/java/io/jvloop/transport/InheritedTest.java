package io.jvloop.transport;

import static io.jvloop.support.Section.SERVERS;
import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.ChildJvm;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.CompletableFuture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A socket that comes from outside and must not be closed. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class InheritedTest {
    private final Recorders recorders = new Recorders(Recorder::echo);

    private static ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static String echo(Peer peer, String text) {
        return peer.send(text).readText(text.length());
    }

    @Test
    @Contract(section = SERVERS,
            value = "An inherited listening socket is served, and left open when the server is closed")
    void listenerIsServedAndLeftOpen(EventLoop loop) throws IOException {
        try (ServerSocketChannel channel = listen();
                LoopThread thread = LoopThread.start(loop)) {
            for (int round = 0; round < 3; round++) {
                Server server = thread
                        .call(() -> Inherited.serve(loop, channel, recorders, ListenConfig.DEFAULT));
                assertThat(thread.<Boolean>call(server::isServing)).isTrue();
                try (Peer peer = Peer.connect(channel.getLocalAddress())) {
                    assertThat(echo(peer, "hello")).isEqualTo("hello");
                    thread.run(server::close);
                    assertThat(echo(peer, "still")).isEqualTo("still");
                    peer.end();
                    Await.result(server.closed());
                }
                assertThat(channel.isOpen()).isTrue();
                assertThat(thread.call(() -> loop.stats().channels()).intValue()).isZero();
                Await.until("the channel is free again", () -> !channel.isRegistered());
            }
            channel.configureBlocking(true);
            try (Peer peer = Peer.connect(channel.getLocalAddress());
                    SocketChannel accepted = channel.accept()) {
                accepted.write(Bytes.heap("by somebody else"));
                assertThat(peer.readText(16)).isEqualTo("by somebody else");
            }
        }
    }

    @Test
    void listenerMayBeStartedLater(EventLoop loop) throws IOException {
        try (ServerSocketChannel channel = listen()) {
            Server server = Inherited.serve(loop, channel, recorders,
                    ListenConfig.DEFAULT.withStartServing(false));
            assertThat(server.isServing()).isFalse();
            assertThat(server.addresses()).containsExactly(channel.getLocalAddress());
            server.close();
            assertThat(server.closed()).isCompleted();
        }
    }

    @Test
    void factoryThatClosesTheServerEndsTheAccepting(EventLoop loop) throws IOException {
        try (ServerSocketChannel channel = listen();
                Peer first = Peer.connect(channel.getLocalAddress());
                Peer second = Peer.connect(channel.getLocalAddress())) {
            Server[] server = new Server[1];
            server[0] = Inherited.serve(loop, channel, () -> {
                server[0].close();
                return recorders.get();
            }, ListenConfig.DEFAULT);
            loop.callLater(50_000_000, () -> first.end());
            loop.runUntilComplete(server[0].closed());
            assertThat(recorders.count()).isEqualTo(1);
            channel.configureBlocking(true);
            channel.accept().close(); // the second one is still there
            second.drain();
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "An inherited connection is the one client of a closed server, and shut down at its end")
    void connectionIsServedAndShutDown(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                Peer peer = new Peer(pair.far().socket());
                LoopThread thread = LoopThread.start(loop)) {
            Server server = thread
                    .call(() -> Inherited.serve(loop, pair.near(), recorders, ListenConfig.DEFAULT));
            thread.run(() -> {
                assertThat(server.isServing()).isFalse();
                assertThat(server.addresses()).isEmpty();
                assertThat(server.activeConnections()).isEqualTo(1);
            });
            assertThat(echo(peer, "hello")).isEqualTo("hello");
            assertThat(server.closed()).isNotDone();
            thread.run(server::closeClients);
            assertThat(peer.readAll()).isEmpty();
            Await.result(server.closed());
            assertThat(recorders.await(0).awaitLost()).isNull();
            assertThat(pair.near().isOpen()).isTrue();
            assertThat(pair.near().read(ByteBuffer.allocate(1))).isNegative();
            assertThat(thread.call(() -> loop.stats().channels()).intValue()).isZero();
        }
    }

    @Test
    void connectionThatIsResetEndsWithTheFailure(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                Peer peer = new Peer(pair.far().socket());
                LoopThread thread = LoopThread.start(loop)) {
            Server server = thread
                    .call(() -> Inherited.serve(loop, pair.near(), recorders, ListenConfig.DEFAULT));
            recorders.await(0);
            peer.reset();
            assertThat(recorders.await(0).awaitLost()).isInstanceOf(IOException.class);
            Await.result(server.closed());
            assertThat(pair.near().isOpen()).isTrue();
        }
    }

    @Test
    void closingTheLoopShutsTheConnectionDown(EventLoop loop, ExpectedLogs logs) throws IOException {
        try (SocketPair pair = SocketPair.open();
                ServerSocketChannel listening = listen();
                Peer peer = new Peer(pair.far().socket())) {
            Server one = Inherited.serve(loop, pair.near(), recorders, ListenConfig.DEFAULT);
            Server many = Inherited.serve(loop, listening, recorders, ListenConfig.DEFAULT);
            Turns.run(loop, 2);
            loop.close();
            assertThat(logs.takeText()).contains("2 open channel");
            assertThat(recorders.await(0).calls()).containsExactly("made", "lost");
            assertThat(one.closed()).isCompleted();
            assertThat(many.closed()).isCompleted();
            assertThat(peer.readAll()).isEmpty();
            assertThat(pair.near().isOpen()).isTrue();
            assertThat(listening.isOpen()).isTrue();
        }
    }

    @Test
    void failingFactoryIsThrownAndLeavesTheConnectionAlone(EventLoop loop) throws IOException {
        RuntimeException broken = new RuntimeException("broken on purpose");
        try (SocketPair pair = SocketPair.open()) {
            assertThatThrownBy(() -> Inherited.serve(loop, pair.near(), () -> {
                throw broken;
            }, ListenConfig.DEFAULT)).isSameAs(broken);
            pair.far().write(Bytes.heap("x"));
            assertThat(pair.near().read(ByteBuffer.allocate(10))).isEqualTo(1);
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "A standard input that is no stream socket is refused with what to do instead")
    void anythingElseIsRefused(EventLoop loop) throws IOException {
        assertThatIllegalStateException()
                .isThrownBy(() -> Inherited.serve(loop, null, recorders, ListenConfig.DEFAULT))
                .withMessageContaining("a file, pipe or terminal")
                .withMessageContaining("StandardInput=socket").withMessageContaining("<&3");
        Pipe pipe = Pipe.open();
        assertThatIllegalStateException()
                .isThrownBy(() -> Inherited.serve(loop, pipe.source(), recorders, ListenConfig.DEFAULT))
                .withMessageContaining("stream socket");
        pipe.source().close();
        pipe.sink().close();
    }

    @Test
    @Contract(section = UDP, value = "An inherited UDP socket is received on, and left open at the end")
    void datagramsAreReceivedAndTheSocketLeftOpen(EventLoop loop) throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (DatagramChannel inherited = DatagramChannel.open().bind(any);
                DatagramChannel peer = DatagramChannel.open().bind(any)) {
            CompletableFuture<InetSocketAddress> received = loop.createFuture();
            DatagramTransport endpoint = Inherited.receive(loop, inherited, () -> new DatagramProtocol() {
                @Override
                public void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
                    received.complete(sender);
                }
            }, DatagramConfig.DEFAULT);
            peer.send(Bytes.heap("x"), inherited.getLocalAddress());
            assertThat(loop.runUntilComplete(received)).isEqualTo(peer.getLocalAddress());
            endpoint.close();
            Turns.run(loop, 2);
            assertThat(inherited.isOpen()).isTrue();
            assertThat(loop.stats().channels()).isZero();
            assertThatIllegalStateException().isThrownBy(() -> Inherited.receive(loop, null,
                    () -> new DatagramProtocol() {}, DatagramConfig.DEFAULT)).withMessageContaining("UDP");
        }
    }

    @Test
    void childWithoutASocketSaysWhatItNeeds() throws IOException, InterruptedException {
        ChildJvm.Result result = ChildJvm.run(
                List.of("-cp", System.getProperty("java.class.path"), InheritedProgram.class.getName()));
        assertThat(result.out()).contains("StandardInput=socket").endsWith("printed afterwards\n");
        assertThat(result.exitValue()).isZero();
    }

    /** Lets python start the program as {@code child()} with a socket; the output of both. */
    private static String python(String script) {
        Programs.require("python3");
        List<String> command = new ArrayList<>(List.of("python3", "-c", """
                import socket, subprocess, sys
                def child(stdin, stdout=None):
                    return subprocess.Popen(sys.argv[1:], stdin=stdin, stdout=stdout,
                                            stderr=subprocess.STDOUT if stdout is None else None)
                def rest(connection):
                    connection.settimeout(25)
                    return connection.makefile("rb").read().decode()
                def say(*words):
                    print(*words, flush=True)
                """ + script));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), InheritedProgram.class.getName()));
        byte[] output = Await.result(Programs.run(new byte[0], command.toArray(String[]::new)));
        return new String(output, StandardCharsets.UTF_8);
    }

    @Test
    @Contract(section = SERVERS,
            value = "After an inherited socket was served, standard output and error lead where they led")
    void childServesAListenerAndCanStillPrint() {
        assertThat(python("""
                listening = socket.create_server(("127.0.0.1", 0))
                process = child(listening)
                client = socket.create_connection(listening.getsockname(), 25)
                client.sendall(b"hello")
                client.shutdown(socket.SHUT_WR)
                reply = rest(client)
                process.wait()
                next = socket.create_connection(listening.getsockname(), 25)
                listening.accept()[0].sendall(b"taken over")
                next.shutdown(socket.SHUT_WR)
                say(reply, next.recv(100).decode(), process.returncode)
                """)).isEqualTo("printed afterwards\nreported afterwards\nhello taken over 0\n");
    }

    @Test
    void childServesAConnectionAndCanStillPrint() {
        String[] kinds = {"near, far = socket.socketpair()\n", """
                listening = socket.create_server(("127.0.0.1", 0))
                far = socket.create_connection(listening.getsockname(), 25)
                near = listening.accept()[0]
                """};
        assertThat(kinds).allSatisfy(kind -> assertThat(python(kind + """
                process = child(near)
                near.close()
                far.sendall(b"hello")
                far.shutdown(socket.SHUT_WR)
                reply = rest(far)
                process.wait()
                say(reply, process.returncode)
                """)).isEqualTo("printed afterwards\nreported afterwards\nhello 0\n"));
    }

    @Test
    @Contract(section = SERVERS,
            value = "Under inetd, where standard output is the connection, its end is the end of both")
    void whatIsPrintedAfterTheEndDoesNotReachThePeer() {
        assertThat(python("""
                near, far = socket.socketpair()
                process = child(near, near)
                near.close()
                far.sendall(b"hello")
                far.shutdown(socket.SHUT_WR)
                reply = rest(far)
                process.wait()
                say(reply, process.returncode)
                """)).isEqualTo("hello 0\n");
    }
}
