package io.jvloop.transport;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files on their way to a peer that reads. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SendFileTest {
    private static final byte[] CONTENT = Bytes.noise(300_000);

    @TempDir
    private Path folder;

    private FileChannel file(byte[] content) throws IOException {
        return open(Files.write(Files.createTempFile(folder, "file", ""), content));
    }

    private static FileChannel open(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    /** What the peer gets of one file, and then the end. */
    private static byte[] received(Connection connection, FileChannel file) {
        CompletableFuture<Long> sent = connection.ask(transport -> transport.sendFile(file));
        connection.run(Transport::writeEof);
        byte[] bytes = connection.peer().readAll();
        assertThat(Await.result(sent)).isEqualTo(bytes.length);
        return bytes;
    }

    @Test
    @Contract(section = TLS, value = "sendFile sends a whole file and completes with its size; the position "
            + "of the file is then behind the last byte sent")
    void sendsAWholeFile(EventLoop loop) throws IOException {
        try (FileChannel file = file(CONTENT);
                Connection connection = Connection.open(loop, new Recorder())) {
            file.position(77); // is of no importance
            assertThat(received(connection, file)).isEqualTo(CONTENT);
            assertThat(file.position()).isEqualTo(CONTENT.length);
        }
    }

    @ParameterizedTest
    @CsvSource({"0,1,1", "0,299999,299999", "0,300000,300000", "0,300001,300000", "1,65536,65536",
        "123456,9223372036854775807,176544", "299999,1,1", "299999,2,1", "300000,1,0", "300001,5,0",
        "9223372036854775807,9223372036854775807,0"})
    @Contract(section = TLS, value = "sendFile sends a part of a file; fewer bytes if the file ends before")
    void sendsAPartOfAFile(long offset, long count, int expected, EventLoop loop) throws IOException {
        try (FileChannel file = file(CONTENT);
                Connection connection = Connection.narrow(loop, new Recorder())) {
            CompletableFuture<Long> sent =
                    connection.ask(transport -> transport.sendFile(file, offset, count));
            connection.run(transport -> transport.write("end".getBytes(StandardCharsets.US_ASCII)));
            int start = (int) Math.min(offset, CONTENT.length);
            assertThat(connection.peer().read(expected))
                    .isEqualTo(Arrays.copyOfRange(CONTENT, start, start + expected));
            assertThat(connection.peer().readText(3)).isEqualTo("end");
            assertThat(Await.result(sent)).isEqualTo(expected);
            assertThat(file.position()).isEqualTo(offset < Long.MAX_VALUE ? offset + expected : 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "4095", "4096", "1048576", "1048577", "5000000"})
    void sendsFilesOfAllSizes(int bytes, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(bytes);
        try (FileChannel file = file(content);
                Connection connection = Connection.open(loop, new Recorder())) {
            assertThat(received(connection, file)).isEqualTo(content);
        }
    }

    @Test
    @Contract(section = TLS, value = "What is written before, between and after files arrives around their "
            + "bytes, in the order of the calls")
    void filesStayInOrderWithWrites(EventLoop loop) throws IOException {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        List<FileChannel> files = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            files.add(file(Bytes.noise(i * 20_000)));
        }
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            List<CompletableFuture<Long>> sent = connection.ask(transport -> {
                List<CompletableFuture<Long>> results = new ArrayList<>();
                for (int i = 0; i < files.size(); i++) {
                    byte[] head = Bytes.noise(100 + i * 10_000);
                    transport.write(head);
                    results.add(transport.sendFile(files.get(i)));
                    byte[] tail = Bytes.noise(50 + i);
                    transport.writeAll(ByteBuffer.wrap(tail), Bytes.direct(tail));
                    results.add(transport.sendFile(files.get(0))); // empty
                    expected.writeBytes(head);
                    expected.writeBytes(Bytes.noise(i * 20_000));
                    expected.writeBytes(tail);
                    expected.writeBytes(tail);
                }
                transport.close();
                return results;
            });
            assertThat(connection.peer().readAll()).isEqualTo(expected.toByteArray());
            for (int i = 0; i < files.size(); i++) {
                assertThat(Await.result(sent.get(2 * i))).isEqualTo(i * 20_000L);
                assertThat(Await.result(sent.get(2 * i + 1))).isZero();
            }
            assertThat(recorder.awaitLost()).isNull();
        } finally {
            for (FileChannel file : files) {
                file.close();
            }
        }
    }

    @Test
    void sendsFromBehindFourGibibytes(EventLoop loop) throws IOException {
        long offset = 5L << 30;
        Path path = folder.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(offset);
            sparse.seek(offset);
            sparse.write(CONTENT);
        }
        try (FileChannel file = open(path);
                Connection connection = Connection.open(loop, new Recorder())) {
            CompletableFuture<Long> sent = connection
                    .ask(transport -> transport.sendFile(file, offset - 10, FilePart.TO_THE_END));
            byte[] got = connection.peer().read(CONTENT.length + 10);
            assertThat(Arrays.copyOfRange(got, 10, got.length)).isEqualTo(CONTENT);
            assertThat(Await.result(sent)).isEqualTo(CONTENT.length + 10);
            assertThat(file.position()).isEqualTo(offset + CONTENT.length);
        }
    }

    @Test
    @Contract(section = TLS, value = "A file that is shortened while it is being sent ends there")
    void aFileMayShrinkMeanwhile(EventLoop loop) throws IOException {
        Path path = Files.write(folder.resolve("shrinking"), new byte[20_000_000]);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Connection connection = Connection.narrow(loop, new Recorder())) {
            CompletableFuture<Long> sent = connection.ask(transport -> transport.sendFile(file));
            file.truncate(100);
            connection.run(Transport::writeEof);
            int got = connection.peer().readAll().length;
            assertThat(got).isBetween(100, 19_999_999);
            assertThat(Await.result(sent)).isEqualTo(got);
        }
    }

    @Test
    void aFileMayGrowMeanwhile(EventLoop loop) throws IOException {
        Path path = Files.write(folder.resolve("growing"), CONTENT);
        try (FileChannel file = open(path);
                Connection connection = Connection.narrow(loop, new Recorder())) {
            connection.fill();
            int before = (int) connection.ask(transport -> transport.writeBufferSize()).longValue();
            assertThat(before).isPositive();
            CompletableFuture<Long> sent = connection.ask(transport -> transport.sendFile(file));
            Files.write(path, "more".getBytes(StandardCharsets.US_ASCII), StandardOpenOption.APPEND);
            connection.run(Transport::writeEof);
            assertThat(new String(connection.peer().readAll(), StandardCharsets.ISO_8859_1))
                    .endsWith(new String(CONTENT, StandardCharsets.ISO_8859_1) + "more");
            assertThat(Await.result(sent)).isEqualTo(CONTENT.length + 4);
        }
    }

    @ParameterizedTest
    @CsvSource({"/proc/self/status", "/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled"})
    @Contract(section = TLS,
            value = "Files that do not know their size, as those of /proc and /sys, are sent "
                    + "to their end")
    void filesThatDoNotKnowTheirSizeAreSent(Path path, EventLoop loop) throws IOException {
        assumeTrue(Files.isReadable(path), "no such file on this system");
        try (FileChannel file = open(path);
                Connection connection = Connection.narrow(loop, new Recorder())) {
            String got = new String(received(connection, file), StandardCharsets.ISO_8859_1);
            assertThat(got.lines().findFirst()).isEqualTo(Files.readAllLines(path).stream().findFirst());
            assertThat(got).endsWith("\n");
        }
    }

    @Test
    void aFileThatSaysItIsLongerEndsWhereItEnds(EventLoop loop) throws IOException {
        try (TestFile file = new TestFile(CONTENT).claiming(400_000);
                Connection connection = Connection.narrow(loop, new Recorder())) {
            assertThat(received(connection, file)).isEqualTo(CONTENT);
        }
    }

    @Test
    @Contract(section = TLS,
            value = "A file of any file system can be sent, one inside a ZIP file for example")
    void filesOfOtherFileSystemsAreSent(EventLoop loop) throws IOException {
        Path zip = folder.resolve("archive.zip");
        try (FileSystem archive = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Files.write(archive.getPath("entry"), CONTENT);
        }
        try (FileSystem archive = FileSystems.newFileSystem(zip);
                FileChannel file = open(archive.getPath("entry"));
                Connection connection = Connection.narrow(loop, new Recorder())) {
            assertThat(received(connection, file)).isEqualTo(CONTENT);
        }
    }

    @Test
    void filesGoThroughUnixSockets(EventLoop loop) throws IOException {
        try (FileChannel file = file(CONTENT);
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(folder.resolve("socket")));
            try (SocketChannel near = SocketChannel.open(server.getLocalAddress());
                    SocketChannel far = server.accept();
                    LoopThread thread = LoopThread.start(loop)) {
                CompletableFuture<Transport> adopted =
                        thread.call(() -> Net.adopt(loop, near, Recorder::new));
                Transport transport = Await.result(adopted);
                CompletableFuture<Long> sent = thread.call(() -> transport.sendFile(file));
                InputStream in = Channels.newInputStream(far);
                assertThat(in.readNBytes(CONTENT.length)).isEqualTo(CONTENT);
                assertThat(Await.result(sent)).isEqualTo(CONTENT.length);
                thread.run(transport::close);
                assertThat(in.read()).isNegative();
            }
        }
    }

    @Test
    @Contract(section = TLS, value = "One open file can be sent to any number of peers at the same time")
    void oneFileGoesToManyPeersAtOnce(EventLoop loop) throws IOException {
        try (FileChannel file = file(CONTENT);
                Connection first = Connection.narrow(loop, new Recorder())) {
            List<Connection> connections = new ArrayList<>(List.of(first));
            while (connections.size() < 20) {
                connections.add(first.narrowBeside(new Recorder()));
            }
            List<CompletableFuture<Long>> sent = first.thread().call(() -> connections.stream()
                    .map(connection -> connection.transport().sendFile(file)).toList());
            List<CompletableFuture<byte[]>> got = connections.stream()
                    .map(connection -> Peer.background(() -> connection.peer().read(CONTENT.length)))
                    .toList();
            got.forEach(bytes -> assertThat(Await.result(bytes)).isEqualTo(CONTENT));
            sent.forEach(count -> assertThat(Await.result(count)).isEqualTo(CONTENT.length));
            connections.subList(1, connections.size()).forEach(Connection::close);
        }
    }

    @Test
    @Contract(section = TLS, value = "A large file is sent a megabyte at a time, so that a peer that reads "
            + "fast does not keep the loop from the others")
    void aLargeFileIsSentAMegabyteAtATime(EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(5_000_000);
        try (TestFile file = new TestFile(content);
                Connection connection = Connection.open(loop, new Recorder())) {
            assertThat(received(connection, file)).isEqualTo(content);
            assertThat(file.transferred()).hasSizeGreaterThan(4)
                    .allMatch(count -> count <= 1024 * 1024);
        }
    }

    @Test
    void aFileIsSentWhileThePeerSendsToo(EventLoop loop) throws IOException {
        byte[] incoming = Bytes.noise(1_000_000);
        byte[] content = Bytes.noise(3_000_000);
        Recorder recorder = new Recorder();
        try (FileChannel file = file(content);
                Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> transport.sendFile(file));
            CompletableFuture<Peer> sending = Peer.background(() -> connection.peer().send(incoming));
            assertThat(connection.peer().read(content.length)).isEqualTo(content);
            assertThat(Await.result(sent)).isEqualTo(content.length);
            Await.result(sending);
            assertThat(recorder.awaitBytes(incoming.length)).isEqualTo(incoming);
        }
    }
}
