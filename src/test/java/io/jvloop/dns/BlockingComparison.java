package io.jvloop.dns;

import io.jvloop.loop.EventLoop;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;

/**
 * Asks the JDK for each of its arguments, first with the blocking calls, then through a loop, and prints what
 * is different. A program of its own, since where the JDK gets its names from is decided when it starts.
 */
final class BlockingComparison {
    private static final int PORT = 80;

    private static int compared;

    private BlockingComparison() {
    }

    /** Compares. */
    public static void main(String[] hosts) {
        // a failure out of the cache has another message than the first; only this property decides, since
        // conf/security/java.security sets it and thereby overrules sun.net.inetaddr.negative.ttl
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        try (EventLoop loop = EventLoop.create()) {
            Resolver resolver = Resolver.of(loop);
            for (String host : hosts) {
                compare(host, () -> addresses(host, each -> true),
                        () -> result(loop, resolver.getaddrinfo(host, PORT)));
                compare(host + " IPv4", () -> addresses(host, Inet4Address.class::isInstance),
                        () -> result(loop, resolver.getaddrinfo(host, PORT, StandardProtocolFamily.INET)));
                compare(host + " IPv6", () -> addresses(host, Inet6Address.class::isInstance),
                        () -> result(loop, resolver.getaddrinfo(host, PORT, StandardProtocolFamily.INET6)));
                compare(host + " reversed", () -> InetAddress.getByName(host).getCanonicalHostName(),
                        () -> result(loop, resolver.getnameinfo(resolved(host))));
            }
        }
        System.out.println("compared " + compared);
    }

    private static void compare(String what, Callable<?> blocking, Callable<?> ours) {
        Object expected = outcome(blocking);
        Object actual = outcome(ours);
        compared++;
        if (!Objects.equals(expected, actual)) {
            System.out.println(what + ": " + expected + ", but on the loop " + actual);
        }
    }

    private static Object outcome(Callable<?> call) {
        try {
            return call.call();
        } catch (Exception e) {
            return e.getClass() + ": " + e.getMessage();
        }
    }

    private static List<InetSocketAddress> addresses(String host, Predicate<InetAddress> filter)
            throws UnknownHostException {
        List<InetSocketAddress> found = Arrays.stream(InetAddress.getAllByName(host)).filter(filter)
                .map(address -> new InetSocketAddress(address, PORT)).toList();
        if (found.isEmpty()) { // the JDK has no such question; this is the answer one expects
            boolean v4 = filter.test(InetAddress.getLoopbackAddress()) == isV4Loopback();
            throw new UnknownHostException(host + ": no " + (v4 ? "IPv4" : "IPv6") + " address");
        }
        return found;
    }

    private static boolean isV4Loopback() {
        return InetAddress.getLoopbackAddress() instanceof Inet4Address;
    }

    private static InetSocketAddress resolved(String host) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(host), PORT);
    }

    private static <T> T result(EventLoop loop, CompletableFuture<T> future) throws Exception {
        try {
            return loop.runUntilComplete(future);
        } catch (CompletionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }
}
