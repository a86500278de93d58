package io.jvloop.dns;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that wait for the system's resolver, shared by all loops of the process.
 *
 * <p><b>Few</b>: many questions at once make a small resolver drop packets; libuv has four too.
 *
 * <p><b>For nothing else</b>, unlike libuv's, which also do its file work: there a resolver that takes 30 s
 * per name holds up every file, and four slow files hold up every name.
 *
 * <p><b>Short-lived</b>: a program looks up names when it starts, and seldom after.
 *
 * <p>Thread: any. Read next: {@link Lookup}.
 */
final class LookupPool {
    /** Made with the class, but a thread starts only with a look-up. */
    static final LookupPool SHARED = configured();

    private static final AtomicInteger THREADS = new AtomicInteger();

    private final ThreadPoolExecutor executor;

    LookupPool(int threads) {
        int size = Math.max(1, threads);
        executor = new ThreadPoolExecutor(size, size, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                LookupPool::thread);
        executor.allowCoreThreadTimeOut(true);
    }

    static LookupPool configured() {
        return new LookupPool(Integer.getInteger("jvloop.dns.threads", 4));
    }

    /** Asks as soon as a thread is free; the future completes on the loop. */
    <T> CompletableFuture<T> submit(EventLoop loop, Callable<T> question) {
        CompletableFuture<T> answer = loop.createFuture();
        executor.execute(new Lookup<>(loop, question, answer));
        return answer;
    }

    /** Without what it would inherit: a busy thread outlives whoever happened to ask first. */
    private static Thread thread(Runnable work) {
        Thread thread = new Thread(null, work, "jvloop-dns-" + THREADS.incrementAndGet(), 0, false);
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        thread.setDaemon(true); // a query nobody waits for must not keep the process alive
        return thread;
    }
}
