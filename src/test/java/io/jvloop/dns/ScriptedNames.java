package io.jvloop.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A name service that answers what the test says, when the test says so; names without a script at once. */
final class ScriptedNames implements NameService {
    static final InetAddress ADDRESS = Resolver.literal("192.0.2.7");

    final List<String> asked = new CopyOnWriteArrayList<>();
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> beginnings = new LinkedBlockingQueue<>();
    private final Map<String, CompletableFuture<InetAddress[]>> scripts = new ConcurrentHashMap<>();

    /** Holds the answer back until the future is completed. */
    CompletableFuture<InetAddress[]> hold(String host) {
        return scripts.computeIfAbsent(host, key -> new CompletableFuture<>());
    }

    void answer(String host, InetAddress... addresses) {
        hold(host).complete(addresses);
    }

    void fail(String host, Throwable failure) {
        hold(host).completeExceptionally(failure);
    }

    /** Waits until the next question reaches the name service. */
    void awaitQuestion(String host) throws InterruptedException {
        assertThat(beginnings.poll(10, TimeUnit.SECONDS)).isEqualTo(host);
    }

    @Override
    public InetAddress[] addresses(String host) throws UnknownHostException {
        asked.add(host);
        threads.add(Thread.currentThread());
        beginnings.add(host);
        CompletableFuture<InetAddress[]> script = scripts.get(host);
        return script == null ? new InetAddress[] {ADDRESS} : answerOf(script);
    }

    @Override
    public String name(InetAddress address) throws UnknownHostException {
        addresses(address.getHostAddress());
        return "name-of-" + address.getHostAddress();
    }

    private static InetAddress[] answerOf(CompletableFuture<InetAddress[]> script)
            throws UnknownHostException {
        try {
            return script.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UnknownHostException unknown) {
                throw unknown;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }
}
