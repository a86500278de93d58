package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Posting from other threads, and two loops side by side. */
@ExtendWith(LoopExtension.class)
class ThreadsTest {
    @Test
    @Contract(section = LOOP, value = "callSoonThreadsafe keeps the order of the calls of each thread")
    void postsOfEachThreadKeepTheirOrder(EventLoop loop) throws InterruptedException {
        int threads = 4;
        int each = 5_000;
        List<List<Integer>> seen = new ArrayList<>();
        Thread[] posters = new Thread[threads];
        for (int t = 0; t < threads; t++) {
            List<Integer> mine = new ArrayList<>();
            seen.add(mine);
            posters[t] = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    loop.callSoonThreadsafe(() -> mine.add(number));
                }
            });
        }
        try (LoopThread thread = LoopThread.start(loop)) {
            Arrays.stream(posters).forEach(Thread::start);
            for (Thread poster : posters) {
                poster.join();
            }
            thread.run(() -> {});
        }
        assertThat(seen).allSatisfy(numbers -> assertThat(numbers).hasSize(each).isSorted());
    }

    @Test
    @Contract(section = LOOP,
            value = "Posts of the loop's own thread and of others run in the order they were made")
    void localAndForeignPostsKeepTheOrderInWhichTheyWereMade(EventLoop loop) throws InterruptedException {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 300; i += 3) {
            int number = i;
            loop.callSoon(() -> order.add(number));
            Thread other = new Thread(() -> loop.callSoonThreadsafe(() -> order.add(number + 1)));
            other.start();
            other.join();
            loop.callSoon(() -> order.add(number + 2));
        }
        loop.stop();
        loop.runForever();
        assertThat(order).hasSize(300).isSorted();
    }

    @Test
    @Contract(section = LOOP, value = "A post wakes a loop that sleeps")
    void postWakesASleepingLoop(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 50; i++) {
                // time to fall asleep; if it does not, nothing is tested, and nothing fails
                LockSupport.parkNanos(200_000);
                CountDownLatch ran = new CountDownLatch(1);
                thread.post(ran::countDown);
                Await.latch(ran);
            }
        }
    }

    /** Timers are armed and cancelled in a hurry while another thread posts; uvloop once crashed on this. */
    @Test
    @Contract(section = BETTER,
            value = "Posting from another thread is safe while the loop arms and cancels timers")
    void fourThousandPostsWhileTimersComeAndGo(EventLoop loop) {
        int posts = 4096;
        AtomicInteger calls = new AtomicInteger();
        Runnable callback = () -> {
            calls.incrementAndGet();
            TimerHandle victim = loop.callLater(10_000_000_000L, () -> calls.addAndGet(1_000_000));
            loop.callLater(500_000 + calls.get() % 500_000, victim::cancel);
        };
        try (LoopThread thread = LoopThread.start(loop)) {
            Thread poster = new Thread(() -> {
                for (int i = 0; i < posts; i++) {
                    loop.callSoonThreadsafe(callback);
                    if (i % 64 == 0) {
                        LockSupport.parkNanos(100_000);
                    }
                }
            });
            poster.start();
            Await.end(poster);
            Await.until("all timers gone", () -> thread.call(() -> loop.stats().timers()) == 0);
        }
        assertThat(calls.get()).isEqualTo(posts);
    }

    @Test
    void everythingRunsOnTheLoopsThread(EventLoop loop) {
        List<Thread> seen = new ArrayList<>();
        try (LoopThread thread = LoopThread.start(loop)) {
            CountDownLatch ran = new CountDownLatch(3);
            Runnable noteThread = () -> {
                seen.add(Thread.currentThread());
                ran.countDown();
            };
            loop.callSoonThreadsafe(() -> {
                noteThread.run();
                loop.callSoon(noteThread);
                loop.callLater(1, noteThread);
            });
            Await.latch(ran);
            assertThat(seen).hasSize(3).containsOnly(thread.thread());
        }
    }

    @Test
    void twoLoopsInTwoThreadsTalkToEachOtherTenTimes(EventLoop serving) throws IOException {
        for (int round = 0; round < 10; round++) {
            ServerSocketChannel server = ServerSocketChannel.open().bind(null);
            StringBuilder answer = new StringBuilder();
            try (LoopThread serverThread = LoopThread.start(serving); EventLoop asking = EventLoop.create()) {
                Registration acceptor =
                        serverThread.call(() -> serving.register(server, SelectionKey.OP_ACCEPT,
                                ops -> accept(serving, server)));
                SocketChannel client = SocketChannel.open(server.getLocalAddress());
                client.write(ByteBuffer.wrap("hello".getBytes()));
                client.shutdownOutput();
                Registration reader = asking.register(client, SelectionKey.OP_READ,
                        ops -> read(client, answer, asking::stop));
                asking.runForever();
                reader.close();
                serverThread.run(acceptor::close);
            }
            assertThat(answer).hasToString("olleh");
        }
    }

    private static void accept(EventLoop loop, ServerSocketChannel server) {
        try {
            SocketChannel channel = server.accept();
            StringBuilder question = new StringBuilder();
            loop.register(channel, SelectionKey.OP_READ,
                    ops -> read(channel, question, () -> answer(channel, question)));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void answer(SocketChannel channel, StringBuilder question) {
        try {
            channel.write(ByteBuffer.wrap(question.reverse().toString().getBytes()));
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void read(SocketChannel channel, StringBuilder text, Runnable atTheEnd) {
        try {
            ByteBuffer buffer = ByteBuffer.allocate(100);
            if (channel.read(buffer) < 0) {
                atTheEnd.run();
            } else {
                text.append(new String(buffer.array(), 0, buffer.position()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
