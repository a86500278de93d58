package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Peers that others have written, where they are installed. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RealProgramsTest {
    private static final String CONTRACT = "Other people's programs get along with our connections";

    /** Serves while the program runs; its output. */
    private static byte[] serve(EventLoop loop, Supplier<Protocol> factory, byte[] input, String... command)
            throws IOException {
        Server server =
                Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), factory);
        String port = String.valueOf(((InetSocketAddress) server.addresses().get(0)).getPort());
        for (int i = 0; i < command.length; i++) {
            command[i] = command[i].replace("PORT", port);
        }
        try (LoopThread thread = LoopThread.start(loop)) {
            byte[] output = Await.result(Programs.run(input, command));
            thread.run(server::close);
            Await.result(server.closed());
            return output;
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = CONTRACT)
    void curlReadsALargeAnswerToItsEnd(EventLoop loop) throws IOException {
        Programs.require("curl");
        byte[] body = Bytes.noise(5_000_000);
        Supplier<Protocol> web = () -> {
            Recorder recorder = new Recorder();
            return recorder.onData((transport, data) -> {
                if (recorder.text().endsWith("\r\n\r\n")) {
                    transport.write(Bytes.heap("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
                    transport.write(body);
                    transport.close();
                }
            });
        };
        byte[] output = serve(loop, web, new byte[0], "curl", "--silent", "--show-error", "--noproxy", "*",
                "--max-time", "25", "http://127.0.0.1:PORT/");
        assertThat(output).isEqualTo(body);
    }

    @Test
    @Contract(section = TRANSPORT, value = CONTRACT)
    void netcatGetsItsAnswer(EventLoop loop) throws IOException {
        Programs.require("nc");
        Supplier<Protocol> reverser = () -> {
            Recorder recorder = new Recorder();
            return recorder.onData((transport, data) -> {
                if (recorder.text().endsWith("\n")) {
                    transport.write(Bytes.heap(
                            new StringBuilder(recorder.text().trim()).reverse().toString()));
                    transport.close();
                }
            });
        };
        byte[] output = serve(loop, reverser, "stressed\n".getBytes(), "nc", "127.0.0.1", "PORT");
        assertThat(new String(output)).isEqualTo("desserts");
    }

    @Test
    @Contract(section = TRANSPORT, value = CONTRACT)
    void pythonClientHalfClosesAndReadsTheRest(EventLoop loop) throws IOException {
        Programs.require("python3");
        byte[] data = Bytes.noise(2_000_000);
        String client = """
                import socket, sys, threading
                s = socket.create_connection(("127.0.0.1", PORT), 25)
                data = sys.stdin.buffer.read()
                def send():
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                threading.Thread(target=send).start()
                while True:
                    piece = s.recv(100000)
                    if not piece:
                        break
                    sys.stdout.buffer.write(piece)
                """;
        assertThat(serve(loop, Recorder::echo, data, "python3", "-c", client)).isEqualTo(data);
    }

    @Test
    @Contract(section = TRANSPORT, value = CONTRACT)
    void pythonServerAnswersOurClient(EventLoop loop) throws IOException {
        Programs.require("python3");
        String echoServer = """
                import socket, sys
                listening = socket.create_server(("127.0.0.1", 0))
                listening.settimeout(25)
                reporting = socket.create_connection(("127.0.0.1", REPORT), 25)
                reporting.sendall(b"%05d" % listening.getsockname()[1])
                s, address = listening.accept()
                s.settimeout(25)
                while True:
                    piece = s.recv(100000)
                    if not piece:
                        break
                    s.sendall(piece)
                s.close()
                """;
        byte[] data = Bytes.noise(1_000_000);
        try (ServerSocket meeting = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<byte[]> program = Programs.run(new byte[0], "python3", "-c",
                    echoServer.replace("REPORT", String.valueOf(meeting.getLocalPort())));
            int port;
            try (Peer reporter = Peer.accept(meeting)) {
                port = Integer.parseInt(reporter.readText(5));
            }
            Recorder client = new Recorder().onMade(transport -> {
                transport.write(data);
                transport.writeEof();
            });
            thread.run(() -> Net.connect(loop, "127.0.0.1", port, () -> client));
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(data);
            assertThat(Await.result(program)).isEmpty();
        }
    }
}
