package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Tries addresses until one connects: the next one starts when one fails, or, with happy eyeballs (RFC 8305),
 * when one has taken too long; the first to connect wins, the others are closed.
 *
 * <p>The result belongs to the caller, who may cancel it or let it time out at any moment, on any thread.
 * However it is completed, nothing of the race is left: that is the one rule of {@link #abandon}.
 */
final class ConnectRace implements ConnectAttempt.Listener {
    private final EventLoop loop;
    private final Supplier<? extends Protocol> factory;
    private final ConnectConfig config;
    private final CompletableFuture<Transport> result;
    private final Deque<SocketAddress> waiting = new ArrayDeque<>();
    private final List<InetSocketAddress> localAddresses = new ArrayList<>();
    private final List<ConnectAttempt> running = new ArrayList<>();
    private final List<IOException> failures = new ArrayList<>();
    private TimerHandle nextStart;
    private boolean over;

    ConnectRace(EventLoop loop, Supplier<? extends Protocol> factory, ConnectConfig config,
            CompletableFuture<Transport> result) {
        this.loop = loop;
        this.factory = factory;
        this.config = config;
        this.result = result;
        result.whenComplete((transport, failure) -> {
            if (failure != null) {
                Futures.onLoop(loop, this::abandon);
            }
        });
    }

    /** Begins with the first address; {@code locals} is empty if any local address will do. */
    void start(List<? extends SocketAddress> addresses, List<InetSocketAddress> locals) {
        waiting.addAll(AddressOrder.interleave(addresses, config.interleave()));
        localAddresses.addAll(locals);
        startNext();
    }

    private void startNext() {
        stopTimer();
        while (!waiting.isEmpty() && !over) {
            SocketAddress address = waiting.poll();
            ConnectAttempt attempt = new ConnectAttempt(loop, address, this);
            InetSocketAddress local = AddressOrder.sameFamily(localAddresses, address);
            if (local == null && !localAddresses.isEmpty()) {
                failures.add(new IOException(
                        "no local address of the family of " + address + " among " + localAddresses));
                continue;
            }
            running.add(attempt);
            if (!waiting.isEmpty() && config.happyEyeballsDelay() != null) {
                nextStart = loop.callLater(config.happyEyeballsDelay(), this::startNext);
            }
            attempt.start(local, config.socket());
            return;
        }
        failIfHopeless();
    }

    @Override
    public void won(ConnectAttempt attempt) {
        running.remove(attempt);
        abandon();
        try {
            Protocol protocol = Objects.requireNonNull(factory.get(), "the protocol factory returned null");
            SocketTransport transport =
                    new SocketTransport(loop, attempt.channel(), protocol, config.socket(),
                            Delivery.lost(result));
            Delivery.begin(transport, made -> transport.start(attempt.registration(), made), result);
        } catch (Throwable t) { // the caller waits for the future: that is where a failing factory is told
            attempt.cancel();
            result.completeExceptionally(t);
        }
    }

    @Override
    public void failed(ConnectAttempt attempt, IOException failure) {
        running.remove(attempt);
        failures.add(failure);
        startNext();
    }

    @Override
    public void loopClosing() {
        result.completeExceptionally(new IOException("the event loop was closed while connecting"));
    }

    /** Lets go of everything that is still under way. */
    private void abandon() {
        over = true;
        stopTimer();
        running.forEach(ConnectAttempt::cancel);
        running.clear();
    }

    private void stopTimer() {
        if (nextStart != null) {
            nextStart.cancel();
            nextStart = null;
        }
    }

    private void failIfHopeless() {
        if (running.isEmpty() && !over) {
            over = true;
            result.completeExceptionally(combined());
        }
    }

    /**
     * One failure as it is, and so several that say the same; else one that lists them, all of them attached.
     */
    private IOException combined() {
        if (failures.isEmpty()) {
            return new IOException("no address to connect to");
        }
        IOException first = failures.get(0);
        boolean same = failures.stream()
                .allMatch(failure -> Objects.equals(failure.getMessage(), first.getMessage()));
        if (same) {
            return first;
        }
        StringJoiner messages = new StringJoiner(", ", "Multiple exceptions: ", "");
        failures.forEach(failure -> messages.add(failure.getMessage()));
        boolean allRefused = failures.stream().allMatch(ConnectException.class::isInstance);
        IOException all =
                allRefused ? new ConnectException(messages.toString()) : new IOException(messages.toString());
        failures.forEach(all::addSuppressed);
        return all;
    }
}
