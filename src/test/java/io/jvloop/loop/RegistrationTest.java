package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One registered channel: readiness, pausing, closing, and what is refused. */
@ExtendWith(LoopExtension.class)
class RegistrationTest {
    private static final int READ = SelectionKey.OP_READ;
    private static final int WRITE = SelectionKey.OP_WRITE;

    private final List<String> log = new ArrayList<>();
    private EventLoop loop;
    private SocketPair pair;

    @BeforeEach
    void open(EventLoop fresh) throws IOException {
        loop = fresh;
        pair = SocketPair.open();
    }

    @AfterEach
    void close() throws IOException {
        pair.close();
        loop.close();
    }

    @Test
    @Contract(section = LOOP,
            value = "A channel's handler is called in every turn in which the channel is ready")
    void readinessIsReportedUntilItIsDealtWith() throws IOException {
        loop.register(pair.near(), READ, ops -> log.add("ready " + ops));
        turn();
        assertThat(log).isEmpty();
        send("x");
        waitForReadiness();
        log.clear();
        turn();
        turn();
        assertThat(log).containsExactly("ready 1", "ready 1");
        assertThat(pair.near().read(ByteBuffer.allocate(10))).isEqualTo(1);
        turn();
        assertThat(log).hasSize(2);
    }

    @Test
    void handlerHearsOnlyWhatItWaitsFor() throws IOException {
        Registration registration = loop.register(pair.near(), WRITE, ops -> log.add("ready " + ops));
        send("x");
        turn();
        assertThat(log).containsExactly("ready " + WRITE);
        registration.interest(READ);
        waitForReadiness();
        assertThat(log).endsWith("ready " + READ);
        log.clear();
        registration.interest(READ | WRITE);
        turn();
        assertThat(log).containsExactly("ready " + (READ | WRITE));
    }

    @Test
    @Contract(section = LOOP,
            value = "interest(0) pauses a channel in this very turn; setting it again resumes it")
    void interestPausesAndResumes() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        send("x");
        waitForReadiness();
        log.clear();
        registration.interest(0);
        assertThat(registration.interest()).isZero();
        turn();
        assertThat(log).isEmpty();
        registration.interest(READ);
        registration.interest(READ);
        turn();
        assertThat(log).containsExactly("ready");
    }

    @Test
    void peerThatGoesAwayMakesTheChannelReadable() throws IOException {
        loop.register(pair.near(), READ, ops -> log.add("ready"));
        pair.far().close();
        waitForReadiness();
        assertThat(pair.near().read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    @Test
    @Contract(section = LOOP,
            value = "close closes the channel at once, however often it is called; the loop forgets it")
    void closeIsSeenByThePeerAtOnce() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        assertThat(loop.stats().channels()).isEqualTo(1);
        assertThat(registration.isOpen()).isTrue();
        registration.close();
        registration.close();
        assertThat(registration.isOpen()).isFalse();
        assertThat(registration.interest()).isZero();
        assertThat(loop.stats().channels()).isZero();
        assertThat(pair.far().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        turn();
        assertThat(log).isEmpty();
    }

    @Test
    void closeMayDoSomethingElseThanCloseTheChannel() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        registration.closeBy(() -> log.add("instead"));
        send("x");
        waitForReadiness();
        log.clear();
        registration.close();
        registration.close();
        turn();
        assertThat(log).containsExactly("instead");
        assertThat(registration.isOpen()).isFalse();
        assertThat(pair.near().isOpen()).isTrue();
        assertThat(loop.stats().channels()).isZero();
        loop.register(pair.near(), READ, ops -> log.add("again"));
        turn();
        assertThat(log).containsExactly("instead", "again");
    }

    @Test
    void channelClosedByItsOwnerIsAnEndLikeAnyOther() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        pair.near().close();
        registration.interest(READ | WRITE);
        assertThat(registration.interest()).isZero();
        assertThat(registration.isOpen()).isFalse();
        turn();
        registration.close();
        assertThat(loop.stats().channels()).isZero();
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = LOOP, value = "A channel can be handed to another handler, effective at once")
    void handlerCanBeReplaced() throws IOException {
        Registration[] self = new Registration[1];
        IoHandler second = ops -> log.add("second");
        self[0] = loop.register(pair.near(), WRITE, ops -> {
            log.add("first");
            self[0].handler(second);
        });
        turn();
        turn();
        assertThat(log).containsExactly("first", "second");
        assertThat(self[0].handler()).isSameAs(second);
        assertThatNullPointerException().isThrownBy(() -> self[0].handler(null)).withMessage("handler");
    }

    @Test
    void registrationKnowsItsChannel() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        assertThat(registration.channel()).isSameAs(pair.near());
        assertThat(registration.toString()).contains("interest=1").contains(pair.near().toString());
    }

    @Test
    @Contract(section = LOOP,
            value = "register makes the channel non-blocking, and refuses one that is registered already")
    void channelIsRegisteredOnceAndNonBlocking() throws IOException {
        assertThat(pair.near().isBlocking()).isTrue();
        loop.register(pair.near(), READ, ops -> log.add("first"));
        assertThat(pair.near().isBlocking()).isFalse();
        assertThatIllegalStateException()
                .isThrownBy(() -> loop.register(pair.near(), READ, ops -> log.add("second")))
                .withMessageContaining("taken");
        try (EventLoop other = EventLoop.create()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> other.register(pair.near(), READ, ops -> log.add("other")));
        }
        assertThat(loop.stats().channels()).isEqualTo(1);
    }

    @Test
    void impossibleRegistrationsAreRefused() throws IOException {
        assertThatNullPointerException().isThrownBy(() -> loop.register(pair.near(), READ, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> loop.register(pair.near(), SelectionKey.OP_ACCEPT, ops -> log.add("x")));
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("x"));
        assertThatIllegalArgumentException().isThrownBy(() -> registration.interest(SelectionKey.OP_ACCEPT));
        assertThat(registration.interest()).isEqualTo(READ);
        pair.far().close();
        assertThatThrownBy(() -> loop.register(pair.far(), READ, ops -> log.add("x")))
                .isInstanceOf(ClosedChannelException.class);
        registration.close();
        loop.close();
        SocketChannel fresh = SocketChannel.open();
        assertThatIllegalStateException().isThrownBy(() -> loop.register(fresh, READ, ops -> log.add("x")))
                .withMessage("Event loop is closed");
        fresh.close();
    }

    @Test
    @Contract(section = LOOP,
            value = "register and interest refuse a foreign thread while the loop runs, debug mode or not")
    void foreignThreadsAreRefused() throws IOException {
        Registration registration = loop.register(pair.near(), READ, ops -> log.add("ready"));
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException().isThrownBy(() -> registration.interest(WRITE))
                    .withMessageContaining("interest").withMessageContaining("callSoonThreadsafe");
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.register(pair.far(), READ, ops -> log.add("x")))
                    .withMessageContaining("register");
            int interest = thread.call(registration::interest);
            assertThat(interest).isEqualTo(READ);
        }
        registration.close();
    }

    @Test
    @Contract(section = BETTER,
            value = "A descriptor number used again at once does not inherit events of the channel before")
    void channelsThatReuseADescriptorGetOnlyTheirOwnEvents() throws IOException {
        for (int round = 0; round < 50; round++) {
            Pipe first = Pipe.open();
            first.sink().write(ByteBuffer.allocate(1));
            Registration gone = loop.register(first.source(), READ, ops -> log.add("first"));
            gone.interest(0);
            gone.close();
            first.sink().close();
            Pipe second = Pipe.open();
            Registration stays = loop.register(second.source(), READ, ops -> log.add("second"));
            turn();
            assertThat(log).isEmpty();
            second.sink().write(ByteBuffer.allocate(1));
            turn();
            assertThat(log).containsExactly("second");
            log.clear();
            stays.close();
            second.sink().close();
        }
    }

    private void send(String text) throws IOException {
        pair.far().write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private void turn() {
        loop.stop();
        loop.runForever();
    }

    /** Loopback is quick, but nobody promises that a byte sent has arrived when the next line runs. */
    private void waitForReadiness() {
        int before = log.size();
        Await.until("readiness", () -> {
            turn();
            return log.size() > before;
        });
    }
}
