package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.stream.Streams;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Guests who do not behave. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ChatTest {
    private static final String ASKED = "your name?\n";

    private EventLoop loop;
    private LoopThread thread;
    private Server server;
    private SocketAddress address;

    @BeforeEach
    void open(EventLoop own) {
        loop = own;
        thread = LoopThread.start(loop);
        Set<Chat> room = new LinkedHashSet<>();
        server = thread.call(() -> Net.listen(loop,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Streams.protocols(Chat.LONGEST_LINE_BYTES,
                        (reader, writer) -> Chat.join(room, reader, writer))));
        address = thread.call(() -> server.addresses().get(0));
    }

    @AfterEach
    void close() {
        thread.run(() -> {
            server.close();
            server.abortClients();
        });
        Await.result(server.closed());
        thread.close();
    }

    private static void expect(Wire guest, String text) {
        assertThat(new String(guest.read(text.getBytes(StandardCharsets.UTF_8).length),
                StandardCharsets.UTF_8)).isEqualTo(text);
    }

    private static void say(Wire guest, String text) {
        guest.send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Nor does anything go on being written to it, which would be logged. */
    @Test
    void guestWhoDoesNotReadIsShownOutAndTheOthersStay() {
        try (Wire ann = Wire.connect(address); Wire bob = Wire.connectNarrow(address)) {
            say(ann, "ann\n");
            expect(ann, ASKED + "welcome, ann; 1 in the room\n");
            say(bob, "bob\n");
            expect(ann, "bob has come\n");
            AtomicBoolean gone = new AtomicBoolean();
            byte[] manyLines = "all work and no play\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
            CompletableFuture<?> talk = Wire.background(() -> {
                while (!gone.get()) {
                    ann.send(manyLines);
                }
                return null;
            });
            expect(ann, "bob has left\n");
            gone.set(true);
            Await.result(talk);
        }
    }

    @Test
    void nobodyCommandsTheTerminalsOfTheOthers() {
        try (Wire ann = Wire.connect(address); Wire eve = Wire.connect(address)) {
            say(ann, "ann\r\n");
            expect(ann, ASKED + "welcome, ann; 1 in the room\n");
            say(eve, "\u001b[2Jeve\u0007\n");
            expect(ann, "[2Jeve has come\n");
            say(eve, "\r\u009bbob: hi\n\n \r\n\u00fc\n");
            expect(ann, "[2Jeve: bob: hi\n[2Jeve: \u00fc\n");
        }
    }

    @Test
    void guestWithoutNameIsNeitherAnnouncedNorToldAnything() {
        try (Wire ann = Wire.connect(address); Wire nobody = Wire.connect(address)) {
            expect(nobody, ASKED);
            say(nobody, "\n \n");
            say(ann, "ann\n");
            expect(ann, ASKED + "welcome, ann; 1 in the room\n");
            assertThat(nobody.end().readAll()).isEmpty();
            say(ann, "x".repeat(5_000));
            expect(ann, "that line is too long; bye\n");
            assertThat(ann.readAll()).isEmpty();
        }
    }

    @Test
    void guestWhoIsResetHasLeft() {
        try (Wire ann = Wire.connect(address); Wire bob = Wire.connect(address)) {
            say(ann, "ann\n");
            expect(ann, ASKED + "welcome, ann; 1 in the room\n");
            say(bob, "bob\n");
            expect(ann, "bob has come\n");
            bob.reset();
            expect(ann, "bob has left\n");
        }
    }
}
