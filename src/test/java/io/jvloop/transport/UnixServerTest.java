package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.SERVERS;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Servers on UNIX sockets, and the files they are seen in. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UnixServerTest {
    private final Recorders recorders = new Recorders(Recorder::echo);

    @TempDir
    Path folder;
    private Path path;

    @BeforeEach
    void choosePath() {
        path = folder.resolve("s.sock");
    }

    private static void assertEchoes(Path at) {
        try (UnixPeer peer = UnixPeer.connect(at)) {
            assertThat(peer.send("hello").read(5)).isEqualTo("hello");
        }
    }

    private static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Serves at the path, says hello to it, and closes it; the file is looked at by whoever calls. */
    private void serveOnce(EventLoop loop, ListenConfig config) throws IOException {
        Server server = Net.listen(loop, path, recorders, config);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(path);
            recorders.awaitAllLost();
            thread.run(server::close);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A server listens on a UNIX socket at a path")
    void aHundredClientsAreServedAtAPath(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, path, recorders);
        assertThat(server.addresses()).containsExactly(UnixDomainSocketAddress.of(path));
        try (LoopThread thread = LoopThread.start(loop)) {
            List<UnixPeer> peers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                peers.add(UnixPeer.connect(path).send("client " + i));
            }
            for (int i = 0; i < 100; i++) {
                String sent = "client " + i;
                assertThat(peers.get(i).read(sent.length())).isEqualTo(sent);
            }
            peers.forEach(UnixPeer::close);
            recorders.awaitAllLost();
            thread.run(server::close);
        }
    }

    @Test
    void anAddressIsAsGoodAsAPath(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, UnixDomainSocketAddress.of(path), recorders);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(path);
            recorders.awaitAllLost();
            thread.run(server::close);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "The socket file of a server that no longer lives is replaced")
    void aStaleSocketFileIsReplaced(EventLoop loop) throws IOException {
        UnixPeer.leaveStaleFile(path);
        assertThat(exists(path)).isTrue();
        serveOnce(loop, ListenConfig.DEFAULT);
        assertThat(exists(path)).isFalse();
    }

    @Test
    @Contract(section = SERVERS, value = "Listening where there is a file that is no socket is refused as in "
            + "use, and the file left alone")
    void aRegularFileIsRefusedAndLeftAlone(EventLoop loop) throws IOException {
        Files.writeString(path, "precious");
        assertThatExceptionOfType(BindException.class).isThrownBy(() -> Net.listen(loop, path, recorders))
                .withMessageContaining(path.toString()).withMessageContaining("already in use");
        assertThat(path).hasContent("precious");
    }

    @Test
    void aFolderAndALinkAreRefusedAndLeftAlone(EventLoop loop) throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        for (Path other : List.of(folder, link)) {
            assertThatExceptionOfType(BindException.class)
                    .isThrownBy(() -> Net.listen(loop, other, recorders)).withMessageContaining("in use");
            assertThat(exists(other)).isTrue();
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "The path of a server that lives is refused, where asyncio and uvloop "
                    + "take it away")
    void aLivingServersPathIsRefused(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, path, recorders);
        assertThatExceptionOfType(BindException.class).isThrownBy(() -> Net.listen(loop, path, recorders))
                .withMessageContaining("a server is listening there");
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(path);
            recorders.awaitAllLost();
            thread.run(server::close);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "When two servers start at the same time where a dead one has left "
            + "its socket file, there is one that answers at the path")
    void ofTwoServersThatStartAtTheSameTimeOneAnswers() throws IOException {
        for (int round = 0; round < 20; round++) {
            UnixPeer.leaveStaleFile(path);
            CyclicBarrier start = new CyclicBarrier(2);
            List<CompletableFuture<ServerSocketChannel>> starting = List.of(
                    Peer.background(() -> bindAfter(start)), Peer.background(() -> bindAfter(start)));
            List<ServerSocketChannel> bound =
                    starting.stream().map(Await::result).filter(channel -> channel != null).toList();
            assertThat(bound).isNotEmpty();
            assertThat(folder).isDirectoryNotContaining(file -> !file.equals(path));
            UnixPeer.connect(path).close();
            for (ServerSocketChannel channel : bound) {
                channel.close();
            }
            Files.delete(path);
        }
    }

    /** Null if somebody else was faster. */
    private ServerSocketChannel bindAfter(CyclicBarrier start) throws Exception {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        start.await();
        try {
            SocketFile.bind(channel, UnixDomainSocketAddress.of(path), 5);
            return channel;
        } catch (BindException refused) {
            channel.close();
            return null;
        }
    }

    @Test
    void aLivingServerWhoseQueueIsFullIsRefusedToo(EventLoop loop) throws IOException {
        try (BusyUnixServer busy = BusyUnixServer.at(path)) {
            assertThat(busy.waiting()).hasSize(2);
            assertThatExceptionOfType(BindException.class)
                    .isThrownBy(() -> Net.listen(loop, path, recorders));
            assertThat(exists(path)).isTrue();
        }
    }

    @Test
    @Contract(section = SERVERS, value = "Closing a UNIX server removes its socket file")
    void theSocketFileIsRemovedOnClose(EventLoop loop) throws IOException {
        serveOnce(loop, ListenConfig.DEFAULT);
        assertThat(exists(path)).isFalse();
    }

    @Test
    void theSocketFileIsRemovedWithTheLoop(EventLoop loop, ExpectedLogs logs)
            throws IOException {
        Net.listen(loop, path, recorders);
        loop.close();
        assertThat(exists(path)).isFalse();
        assertThat(logs.takeAll()).hasSize(1); // the channel was still open
    }

    @Test
    @Contract(section = SERVERS, value = "The socket file stays if the configuration says so")
    void theSocketFileStaysIfAskedTo(EventLoop loop) throws IOException {
        serveOnce(loop, ListenConfig.DEFAULT.withRemoveSocketFile(false));
        assertThat(exists(path)).isTrue();
    }

    @Test
    @Contract(section = SERVERS,
            value = "A file that somebody else has put at a server's path is not removed")
    void aFileThatReplacedOursIsNotRemoved(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, path, recorders);
        Files.delete(path);
        try (ServerSocketChannel other = UnixPeer.listen(path, 1)) {
            assertThat(other.isOpen()).isTrue();
            server.close();
            assertThat(exists(path)).isTrue();
            UnixPeer.connect(path).close();
        }
    }

    @Test
    void aFileThatIsGoneAlreadyIsNoTrouble(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, path, recorders);
        Files.delete(path);
        server.close();
        server.close();
        assertThat(exists(path)).isFalse();
    }

    @Test
    void theNameIsFreeAgainAtOnce(EventLoop loop) throws IOException {
        for (int i = 0; i < 100; i++) {
            Net.listen(loop, path, recorders).close();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @Contract(section = SERVERS, value = "A path that is too long for a UNIX socket, or whose folder is "
            + "missing, is refused with words that say so")
    void aPathThatCannotBeIsRefusedWithTheReason(EventLoop loop) {
        Path tooLong = folder.resolve("x".repeat(200));
        assertThatExceptionOfType(SocketException.class)
                .isThrownBy(() -> Net.listen(loop, tooLong, recorders))
                .withMessageContaining(tooLong.toString()).withMessageContaining("at most 107 bytes");
        Path homeless = folder.resolve("missing").resolve("s.sock");
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> Net.listen(loop, homeless, recorders))
                .withMessageContaining("there is no " + homeless.getParent());
        assertThatIllegalArgumentException().isThrownBy(() -> Net.listen(loop, Path.of(""), recorders));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderThatForbidsItIsNotCalledMissing(EventLoop loop) throws IOException {
        assumeTrue(!"root".equals(System.getProperty("user.name")), "root may write everywhere");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-x------"));
        try {
            assertThatExceptionOfType(SocketException.class)
                    .isThrownBy(() -> Net.listen(loop, path, recorders))
                    .withMessageContaining(path.toString());
        } finally {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A UNIX socket that somebody else has bound is served, and its file "
            + "left to them")
    void theFileOfAnAdoptedSocketIsLeftAlone(EventLoop loop) throws IOException {
        Server server = Net.adopt(loop, UnixPeer.listen(path, 10), recorders, ListenConfig.DEFAULT);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(path);
            recorders.awaitAllLost();
            thread.run(server::close);
        }
        assertThat(exists(path)).isTrue();
    }

    @Test
    @Contract(section = TRANSPORT, value = "The user at the other end of a UNIX connection is known by the "
            + "option SO_PEERCRED")
    void theUserAtTheOtherEndIsKnown(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, path, recorders);
        try (LoopThread thread = LoopThread.start(loop); UnixPeer peer = UnixPeer.connect(path)) {
            peer.send("x").read(1);
            Transport accepted = recorders.all().get(0).transport();
            UnixDomainPrincipal user = thread.call(() -> accepted.option(ExtendedSocketOptions.SO_PEERCRED));
            assertThat(user.user().getName()).isEqualTo(System.getProperty("user.name"));
            thread.run(() -> {
                server.close();
                server.closeClients();
            });
            recorders.awaitAllLost();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A UNIX connection can be ended in one direction only")
    void halfCloseWorksBothWays(EventLoop loop) throws IOException {
        CompletableFuture<Transport> opened = new CompletableFuture<>();
        Recorder answering = new Recorder().onMade(opened::complete).onEof(transport -> {
            transport.write("answer".getBytes(StandardCharsets.ISO_8859_1));
            return false;
        });
        Server server = Net.listen(loop, path, () -> answering);
        try (LoopThread thread = LoopThread.start(loop); UnixPeer peer = UnixPeer.connect(path)) {
            assertThat(peer.send("question").end().read(100)).isEqualTo("answer");
            assertThat(answering.awaitLost()).isNull();
            assertThat(answering.text()).isEqualTo("question");
            assertThat(Await.result(opened).toString()).contains(path.toString());
            thread.run(server::close);
        }
    }
}
