package io.jvloop.dns;

import io.jvloop.loop.EventLoop;
import java.net.IDN;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Turns host names into addresses, and back, without blocking the loop.
 *
 * <p>A literal address is answered in the call itself. Names go to a few daemon threads that all loops of the
 * process share, {@code jvloop-dns-N}: at most 4, or {@code -Djvloop.dns.threads}. They end when idle for a
 * second.
 *
 * <h2>Futures</h2>
 * They complete on the loop. Cancelling one takes effect at once: a look-up still waiting for a thread never
 * begins, and the answer of one that has begun is dropped. Those of a loop that is closed meanwhile fail with
 * {@code IllegalStateException}, on a thread of the pool: when the system has answered, since a question
 * cannot be taken back.
 *
 * <h2>Names</h2>
 * Names with other than ASCII characters are looked up in their IDNA form. Names that no system can know,
 * above all those of more than 253 characters, fail with {@code UnknownHostException} and are not looked up:
 * a system library may cut such a name short, and find an address in the rest (in GHSA-f74f-cvh7-c6q6 it
 * found 127.0.0.1).
 *
 * <p>Thread: any. Read next: {@link Literals}, {@link Lookup}.
 */
public final class Resolver {
    /** The longest name in the dotted form, from the 255 bytes of RFC 1035. */
    static final int MAX_NAME = 253;

    private static final int MAX_PORT = 65535;

    /** Python's name for it, which saves people from looking up the number. */
    private static final String BROADCAST = "<broadcast>";

    private final EventLoop loop;
    private final NameService names;
    private final LookupPool pool;

    /** For tests: one whose answers are scripted. */
    Resolver(EventLoop loop, NameService names, LookupPool pool) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.names = names;
        this.pool = pool;
    }

    /**
     * Makes a resolver; it costs next to nothing and need not be closed.
     *
     * @param loop where its futures complete
     * @return the resolver
     */
    public static Resolver of(EventLoop loop) {
        return new Resolver(loop, NameService.SYSTEM, LookupPool.SHARED);
    }

    /**
     * {@link #getaddrinfo(String, int, ProtocolFamily) getaddrinfo} for addresses of both families.
     *
     * @param host name or literal address; null or empty for the loopback addresses
     * @param port goes into each address
     * @return the addresses, at least one, in the system's order of preference
     * @throws IllegalArgumentException if the port is not in 0..65535
     */
    public CompletableFuture<List<InetSocketAddress>> getaddrinfo(String host, int port) {
        return getaddrinfo(host, port, null);
    }

    /**
     * Finds the addresses of a host.
     *
     * @param host name or literal address; null or empty for the loopback addresses; {@code <broadcast>} for
     *            255.255.255.255
     * @param port goes into each address
     * @param family {@code INET}, {@code INET6}, or null for both
     * @return the addresses, at least one, in the system's order of preference; fails with
     *         {@code UnknownHostException} if there are none
     * @throws IllegalArgumentException if the port is not in 0..65535, or the family none of these
     */
    public CompletableFuture<List<InetSocketAddress>> getaddrinfo(String host, int port,
            ProtocolFamily family) {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("port must be in 0..65535, not " + port);
        }
        Class<? extends InetAddress> kind = kind(family);
        try {
            InetAddress[] known = known(host);
            if (known != null) {
                return completed(withPort(known, host, port, kind));
            }
            String name = askable(host);
            return pool.submit(loop, () -> withPort(names.addresses(name), name, port, kind));
        } catch (UnknownHostException e) {
            return failed(e);
        }
    }

    /**
     * Finds the name of an address.
     *
     * @param address a resolved address; its port does not matter, nor the name it was made from
     * @return the name, or the address in numeric form if it has none; fails with
     *         {@code UnknownHostException} if the address is unresolved
     */
    public CompletableFuture<String> getnameinfo(InetSocketAddress address) {
        if (address.isUnresolved()) {
            return failed(new UnknownHostException(address + ": only a resolved address can be looked up"));
        }
        return pool.submit(loop, () -> names.name(address.getAddress()));
    }

    /**
     * Reads a literal address; never looks anything up.
     *
     * <p>IPv4 is four decimal numbers without leading zeros: 127.1, 0x7f.1, 010.0.0.1 and 1.2.3 are names.
     * IPv6 is the form of RFC 4291, also with IPv4 at its end, with a {@code %scope} that exists on this
     * machine, and in brackets. As everywhere in the JDK, an IPv4-mapped address such as
     * {@code ::ffff:1.2.3.4} is an IPv4 address.
     *
     * @param host any text, or null
     * @return the address, or null if the text is none
     */
    public static InetAddress literal(String host) {
        return Literals.parse(host);
    }

    private static Class<? extends InetAddress> kind(ProtocolFamily family) {
        if (family == null) {
            return InetAddress.class;
        }
        if (family == StandardProtocolFamily.INET) {
            return Inet4Address.class;
        }
        if (family == StandardProtocolFamily.INET6) {
            return Inet6Address.class;
        }
        throw new IllegalArgumentException("family must be INET, INET6 or null, not " + family.name());
    }

    /** What can be told without asking anyone, or null. */
    private static InetAddress[] known(String host) throws UnknownHostException {
        if (host == null || host.isEmpty()) {
            return loopback();
        }
        InetAddress literal = literal(host.equals(BROADCAST) ? "255.255.255.255" : host);
        return literal == null ? null : new InetAddress[] {literal};
    }

    /** Both, as {@code getaddrinfo(3)}; first the one that the JDK prefers, and would give alone. */
    private static InetAddress[] loopback() {
        InetAddress preferred = InetAddress.getLoopbackAddress();
        if (Boolean.getBoolean("java.net.preferIPv4Stack")) {
            return new InetAddress[] {preferred};
        }
        InetAddress other = literal(preferred instanceof Inet4Address ? "::1" : "127.0.0.1");
        return new InetAddress[] {preferred, other};
    }

    /** The name as the system is asked for it, or an exception if it must not be asked. */
    private static String askable(String host) throws UnknownHostException {
        refuse(host);
        if (host.chars().allMatch(c -> c < 128)) {
            return host;
        }
        try {
            // RFC 3490: for a question, characters younger than the standard are allowed
            String ascii = IDN.toASCII(host, IDN.ALLOW_UNASSIGNED);
            refuse(ascii);
            return ascii;
        } catch (IllegalArgumentException e) {
            UnknownHostException unknown = new UnknownHostException(host + ": no valid international name");
            unknown.initCause(e);
            throw unknown;
        }
    }

    private static void refuse(String name) throws UnknownHostException {
        int rootDot = name.endsWith(".") ? 1 : 0; // the root's own byte is among the 255 anyway
        if (name.length() - rootDot > MAX_NAME) {
            throw new UnknownHostException(name.substring(0, MAX_NAME) + "… has " + name.length()
                    + " characters; a host name has at most " + MAX_NAME);
        }
        if (name.indexOf('\0') >= 0) { // where C ends the name
            throw new UnknownHostException("host name with a NUL character: " + name.replace("\0", "\\0"));
        }
    }

    private static List<InetSocketAddress> withPort(InetAddress[] found, String host, int port,
            Class<? extends InetAddress> kind) throws UnknownHostException {
        List<InetSocketAddress> addresses = Arrays.stream(found).filter(kind::isInstance)
                .map(address -> new InetSocketAddress(address, port)).toList();
        if (addresses.isEmpty()) {
            String wanted = kind == Inet4Address.class ? "IPv4" : "IPv6";
            throw new UnknownHostException(host + ": no " + wanted + " address");
        }
        return addresses;
    }

    private <T> CompletableFuture<T> completed(T value) {
        CompletableFuture<T> future = loop.createFuture();
        future.complete(value);
        return future;
    }

    private <T> CompletableFuture<T> failed(UnknownHostException failure) {
        CompletableFuture<T> future = loop.createFuture();
        future.completeExceptionally(failure);
        return future;
    }
}
