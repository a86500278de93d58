package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Several channels ready in one turn; in which order they are served nobody promises. */
@ExtendWith(LoopExtension.class)
class ReadyBatchTest {
    private static final int PIPES = 5;

    private final List<Pipe> pipes = new ArrayList<>();
    private final List<Registration> registrations = new ArrayList<>();
    private final List<Integer> served = new ArrayList<>();
    private EventLoop loop;

    @BeforeEach
    void open(EventLoop fresh) throws IOException {
        loop = fresh;
        for (int i = 0; i < PIPES; i++) {
            Pipe pipe = Pipe.open();
            pipe.sink().write(ByteBuffer.allocate(1));
            pipes.add(pipe);
        }
    }

    @AfterEach
    void close() throws IOException {
        registrations.forEach(Registration::close);
        for (Pipe pipe : pipes) {
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @Test
    void everyReadyChannelIsServedOnceInATurn() throws IOException {
        registerAll(served::add);
        turn();
        assertThat(served).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    }

    @Test
    @Contract(section = LOOP, value = "A channel that a neighbour pauses is not served any more in that turn")
    void neighboursPausedInTheSameBatchAreNotServed() throws IOException {
        registerAll(index -> {
            served.add(index);
            others(index).forEach(other -> other.interest(0));
        });
        turn();
        assertThat(served).hasSize(1);
        others(served.get(0)).forEach(other -> other.interest(SelectionKey.OP_READ));
        turn();
        assertThat(served).hasSize(2);
    }

    @Test
    @Contract(section = LOOP, value = "A channel that a neighbour closes is not served any more in that turn")
    void neighboursClosedInTheSameBatchAreNotServed() throws IOException {
        registerAll(index -> {
            served.add(index);
            others(index).forEach(Registration::close);
        });
        turn();
        turn();
        assertThat(served).hasSize(2).containsOnly(served.get(0));
        assertThat(loop.stats().channels()).isEqualTo(1);
    }

    @Test
    @Contract(section = LOOP,
            value = "A channel handler that throws is reported; its neighbours are served in the same turn")
    void failingHandlerDoesNotCostItsNeighboursTheirTurn(ReportedFailures failures) throws IOException {
        registerAll(index -> {
            served.add(index);
            throw new IllegalStateException("handler " + index);
        });
        turn();
        assertThat(served).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        List<ExceptionContext> contexts = failures.takeAll();
        assertThat(contexts).extracting(ExceptionContext::message).containsOnly("Exception in I/O handler");
        assertThat(contexts).extracting(context -> context.exception().getMessage())
                .containsExactlyInAnyOrder("handler 0", "handler 1", "handler 2", "handler 3", "handler 4");
        assertThat(contexts).extracting(context -> context.details().get("channel"))
                .containsExactlyInAnyOrderElementsOf(registrations);
    }

    @Test
    void fatalErrorOfAHandlerLeavesTheRunAndTheOthersAreServedInTheNext() throws IOException {
        registerAll(index -> {
            served.add(index);
            registrations.get(index).interest(0);
            if (served.size() == 1) {
                throw new InternalError("made by the test");
            }
        });
        loop.stop();
        assertThatThrownBy(loop::runForever).isInstanceOf(InternalError.class);
        assertThat(loop.isRunning()).isFalse();
        turn();
        assertThat(served).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    }

    @Test
    void channelRegisteredByAHandlerIsServedFromTheNextTurnOn() throws IOException {
        Pipe late = Pipe.open();
        late.sink().write(ByteBuffer.allocate(1));
        pipes.add(late);
        registrations.add(loop.register(pipes.get(0).source(), SelectionKey.OP_READ, ops -> {
            registrations.get(0).interest(0);
            register(late, () -> served.add(99));
        }));
        turn();
        assertThat(served).isEmpty();
        turn();
        assertThat(served).containsExactly(99);
    }

    @Test
    void postsMadeByHandlersAreNotLostThoughNobodyWakesTheLoop() throws IOException {
        registerAll(index -> {
            registrations.get(index).interest(0);
            loop.callSoonThreadsafe(() -> {
                served.add(index);
                if (served.size() == PIPES) {
                    loop.stop();
                }
            });
        });
        loop.runForever();
        assertThat(served).hasSize(PIPES);
    }

    @Test
    @Contract(section = LOOP,
            value = "Callbacks that go on queueing callbacks do not keep ready channels waiting")
    void channelIsServedWhileCallbacksNeverCease() throws IOException {
        registerAll(index -> {
            served.add(index);
            registrations.get(index).interest(0);
            if (served.size() == PIPES) {
                loop.stop();
            }
        });
        registrations.forEach(registration -> registration.interest(0));
        Runnable endless = new Runnable() {
            private int rounds;

            @Override
            public void run() {
                loop.callSoon(this);
                if (++rounds == 10_000) { // by now the loop knows that its channels are quiet
                    registrations.forEach(registration -> registration.interest(SelectionKey.OP_READ));
                }
            }
        };
        loop.callSoon(endless);
        loop.runForever();
        assertThat(served).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    }

    private void registerAll(IntConsumer handler) throws IOException {
        for (int i = 0; i < PIPES; i++) {
            int index = i;
            registrations.add(
                    loop.register(pipes.get(i).source(), SelectionKey.OP_READ, ops -> handler.accept(index)));
        }
    }

    private void register(Pipe pipe, Runnable handler) {
        try {
            registrations.add(loop.register(pipe.source(), SelectionKey.OP_READ, ops -> handler.run()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<Registration> others(int index) {
        List<Registration> others = new ArrayList<>(registrations);
        others.remove(index);
        return others;
    }

    private void turn() {
        loop.stop();
        loop.runForever();
    }
}
