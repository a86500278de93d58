package io.jvloop.dns;

import static io.jvloop.support.Section.DNS;
import static java.net.StandardProtocolFamily.INET;
import static java.net.StandardProtocolFamily.INET6;
import static java.net.StandardProtocolFamily.UNIX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered. How it gets there is in {@link LookupTest}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ExtendWith(LoopExtension.class)
class ResolverTest {
    private static final InetAddress V4 = Resolver.literal("192.0.2.1");
    private static final InetAddress V6 = Resolver.literal("2001:db8::1");

    private final ScriptedNames names = new ScriptedNames();
    private EventLoop loop;
    private Resolver resolver;

    @BeforeEach
    void open(EventLoop own) {
        loop = own;
        resolver = new Resolver(loop, names, new LookupPool(1));
    }

    // ------------------------------------------------------------------------------ without asking anyone

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "[::1]", "2001:db8::2", "::ffff:192.0.2.9"})
    @Contract(section = DNS,
            value = "A literal address is answered in the call itself, without a thread")
    void literalIsAnsweredInTheCallItself(String host) throws Exception {
        CompletableFuture<List<InetSocketAddress>> future = resolver.getaddrinfo(host, 80);

        assertThat(future)
                .isCompletedWithValue(List.of(new InetSocketAddress(InetAddress.getByName(host), 80)));
        assertThat(names.asked).isEmpty();
    }

    @ParameterizedTest
    @NullAndEmptySource
    @DisabledIfSystemProperty(named = "java.net.preferIPv4Stack", matches = "true")
    @Contract(section = DNS,
            value = "No host, null or empty, means the loopback addresses of both families, the one "
                    + "first that the JDK prefers")
    void noHostMeansTheLoopbackAddressesThePreferredOneFirst(String host) throws Exception {
        List<InetSocketAddress> both = resolver.getaddrinfo(host, 0).getNow(null);

        assertThat(both).hasSize(2).allMatch(address -> address.getAddress().isLoopbackAddress());
        assertThat(both.get(0).getAddress()).isEqualTo(InetAddress.getByName(host));
        assertThat(resolver.getaddrinfo(host, 1, INET).getNow(null)).containsExactly(socket("127.0.0.1", 1));
        assertThat(resolver.getaddrinfo(host, 1, INET6).getNow(null)).containsExactly(socket("::1", 1));
        assertThat(names.asked).isEmpty();
    }

    @Test
    @Contract(section = DNS,
            value = "The host name for broadcasts, as asyncio writes it, is 255.255.255.255")
    void broadcastIsAllOnes() {
        assertThat(resolver.getaddrinfo("<broadcast>", 9))
                .isCompletedWithValue(List.of(socket("255.255.255.255", 9)));
        assertUnknown(resolver.getaddrinfo("<broadcast>", 9, INET6));
    }

    @Test
    void literalOfTheOtherFamilyIsUnknown() {
        assertThat(assertUnknown(resolver.getaddrinfo("127.0.0.1", 80, INET6)))
                .hasMessageContaining("127.0.0.1")
                .hasMessageContaining("no IPv6 address");
        assertThat(assertUnknown(resolver.getaddrinfo("::1", 80, INET)))
                .hasMessageContaining("no IPv4 address");
        assertThat(resolver.getaddrinfo("::1", 80, INET6)).isCompletedWithValue(List.of(socket("::1", 80)));
    }

    @Test
    @Contract(section = DNS,
            value = "A port outside of 0..65535 is refused at once")
    void portMustBeInRange() {
        assertThatIllegalArgumentException().isThrownBy(() -> resolver.getaddrinfo("127.0.0.1", -1))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> resolver.getaddrinfo("example.com", 65536));
        assertThat(resolver.getaddrinfo("127.0.0.1", 0))
                .isCompletedWithValue(List.of(socket("127.0.0.1", 0)));
        assertThat(resolver.getaddrinfo("127.0.0.1", 65535)).isCompleted();
        assertThat(names.asked).isEmpty();
    }

    @Test
    @Contract(section = DNS,
            value = "A family other than IPv4 and IPv6 is refused at once")
    void familyMustBeOneOfTheInternet() {
        assertThatIllegalArgumentException().isThrownBy(() -> resolver.getaddrinfo("127.0.0.1", 80, UNIX))
                .withMessageContaining("UNIX");
    }

    @Test
    @Contract(section = DNS,
            value = "A name of more than 253 characters is unknown, and the system is not asked")
    void overlongHexNameNeverReachesTheSystem() {
        for (int length = 254; length < 1100; length++) {
            String host = "0x" + "0".repeat(length - 10) + "7f000001";
            assertThat(host).hasSize(length);
            assertThat(assertUnknown(resolver.getaddrinfo(host, 80)))
                    .hasMessageContaining(length + " characters");
        }
        assertThat(names.asked).isEmpty();
    }

    @Test
    void longestNameReachesTheSystemWhole() {
        String host = ("a".repeat(62) + ".").repeat(4) + "b";
        assertThat(host).hasSize(253);

        assertThat(resolve(host, 80)).hasSize(1);
        assertThat(names.asked).containsExactly(host);
    }

    /** The names of GHSA-f74f-cvh7-c6q6, which a system library cut short, and found 127.0.0.1. */
    @ParameterizedTest
    @ValueSource(ints = {246, 238})
    void hexNumberInFrontOfALongNameIsNoAddress(int zeros) {
        assertUnknown(resolver.getaddrinfo("0x" + "0".repeat(zeros) + "7f000001.example.com", 80));
        assertThat(names.asked).isEmpty();
    }

    /** With the root's dot it is as long as before, in bytes: 255 (RFC 1035, 2.3.4). */
    @Test
    void dotOfTheRootDoesNotMakeANameTooLong() {
        String host = ("a".repeat(62) + ".").repeat(4) + "b.";
        assertThat(host).hasSize(254);

        assertThat(resolve(host, 80)).hasSize(1);
        assertThat(names.asked).containsExactly(host);
        assertUnknown(resolver.getaddrinfo("a" + host, 80));
        assertUnknown(resolver.getaddrinfo(host + ".", 80));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00ad", "\u200d", "\ud800", "\u00fc..b", "127.0.0.1\0.example.com", "a\0"})
    void nameThatCannotBeAskedForIsUnknown(String host) {
        assertUnknown(resolver.getaddrinfo(host, 80));
        assertThat(names.asked).isEmpty();
    }

    @Test
    void internationalNameThatIsTooLongInItsAsciiFormIsUnknown() {
        assertUnknown(resolver.getaddrinfo("\u00fc".repeat(70), 80)); // a label of more than 63
        assertUnknown(resolver.getaddrinfo("\u00fc\u4e2d.".repeat(50), 80)); // more than 253 in all
        assertThat(names.asked).isEmpty();
    }

    @Test
    void noHostMakesItThrowAndOnlyPlainAsciiIsAsked() {
        Random random = new Random(20240818);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder host = new StringBuilder();
            for (int length = random.nextInt(300); length >= 0; length--) {
                host.append((char) random.nextInt(1 << (3 + random.nextInt(14))));
            }
            assertThat(catchThrowable(() -> resolver.getaddrinfo(host.toString(), 1).cancel(false))).isNull();
        }
        resolve("last", 1);
        assertThat(names.asked).allMatch(name -> name.matches("(?s)[\\x01-\\x7f]{1,253}"));
    }

    // -------------------------------------------------------------------------------------------- by name

    @Test
    void nameIsLookedUpAndEachAddressGetsThePort() {
        names.answer("example.com", V6, V4);

        assertThat(resolve("example.com", 443)).containsExactly(new InetSocketAddress(V6, 443),
                new InetSocketAddress(V4, 443));
        assertThat(names.asked).containsExactly("example.com");
    }

    @Test
    void familyFiltersTheAnswerAndKeepsItsOrder() {
        InetAddress other = Resolver.literal("192.0.2.2");
        names.answer("example.com", other, V6, V4);

        assertThat(loop.runUntilComplete(resolver.getaddrinfo("example.com", 1, INET)))
                .containsExactly(new InetSocketAddress(other, 1), new InetSocketAddress(V4, 1));
        assertThat(loop.runUntilComplete(resolver.getaddrinfo("example.com", 1, INET6)))
                .containsExactly(new InetSocketAddress(V6, 1));
    }

    @Test
    @Contract(section = DNS,
            value = "A host without an address of the family asked for is unknown")
    void nameWithoutAddressOfTheFamilyIsUnknown() {
        names.answer("example.com", V4);

        Throwable thrown =
                catchThrowable(() -> loop.runUntilComplete(resolver.getaddrinfo("example.com", 1, INET6)));
        assertThat(thrown).hasCauseInstanceOf(UnknownHostException.class)
                .hasMessageContaining("example.com: no IPv6 address");
    }

    @Test
    @Contract(section = DNS,
            value = "An unknown name fails with the UnknownHostException of the JDK")
    void unknownNameFailsWithTheSystemsException() {
        UnknownHostException unknown = new UnknownHostException("nowhere: Name or service not known");
        names.fail("nowhere", unknown);

        assertThat(catchThrowable(() -> resolve("nowhere", 80))).hasCause(unknown);
    }

    @Test
    void anErrorOfTheNameServiceReachesTheCaller() {
        names.fail("bad", new StackOverflowError());

        assertThat(catchThrowable(() -> resolve("bad", 80))).hasCauseInstanceOf(StackOverflowError.class);
        assertThat(resolve("next", 80)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"256.1.1.1", "1.2.3", "127.1", "0x7f.1", "010.0.0.1", "1.2.3.4."})
    @Contract(section = DNS,
            value = "Only the strict forms of an address are literals; 127.1 and 0x7f.1 are names")
    void whatIsNoStrictLiteralIsLeftToTheSystem(String host) {
        resolve(host, 80);

        assertThat(names.asked).containsExactly(host);
    }

    @Test
    @Contract(section = DNS,
            value = "An international name is looked up in its ASCII form")
    void internationalNameIsAskedForInItsAsciiForm() {
        resolve("b\u00fccher.example", 80);
        resolve("\u4e2d\u3002example", 80);
        resolve("\ud83d\ude00.example", 80); // younger than the standard

        assertThat(names.asked).containsExactly("xn--bcher-kva.example", "xn--fiq.example",
                "xn--e28h.example");
    }

    @Test
    void answerCannotBeModified() {
        assertThat(resolve("example.com", 80)).isUnmodifiable();
        assertThat(resolver.getaddrinfo("::1", 80).getNow(null)).isUnmodifiable();
    }

    @Test
    void reverseLookUpGivesTheName() {
        assertThat(loop.runUntilComplete(resolver.getnameinfo(new InetSocketAddress(V4, 80))))
                .isEqualTo("name-of-192.0.2.1");
    }

    @Test
    @Contract(section = DNS,
            value = "The name of an unresolved address cannot be looked up, and fails with "
                    + "UnknownHostException")
    void reverseLookUpNeedsAResolvedAddress() {
        assertUnknown(resolver.getnameinfo(InetSocketAddress.createUnresolved("localhost", 80)));
        assertThatNullPointerException().isThrownBy(() -> resolver.getnameinfo(null));
        assertThat(names.asked).isEmpty();
    }

    // ------------------------------------------------------------- the system's resolver, on this machine

    @Test
    void localhostIsWhatTheBlockingCallGives() throws Exception {
        InetSocketAddress[] expected = Arrays.stream(InetAddress.getAllByName("localhost"))
                .map(address -> new InetSocketAddress(address, 8080)).toArray(InetSocketAddress[]::new);

        assertThat(loop.runUntilComplete(Resolver.of(loop).getaddrinfo("localhost", 8080)))
                .containsExactly(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1:2:bad", "[nonsense", "[127.0.0.1]", "::1%no-such-interface"})
    void unknownHostIsWhatTheBlockingCallThrows(String host) {
        UnknownHostException blocking = catchThrowableOfType(UnknownHostException.class,
                () -> InetAddress.getAllByName(host));

        Throwable thrown =
                catchThrowable(() -> loop.runUntilComplete(Resolver.of(loop).getaddrinfo(host, 80)));
        assertThat(thrown).isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(UnknownHostException.class);
        assertThat(thrown.getCause()).hasMessage(blocking.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void reverseLookUpIsWhatTheBlockingCallGives(String host) throws Exception {
        String expected = InetAddress.getByName(host).getCanonicalHostName();

        assertThat(loop.runUntilComplete(Resolver.of(loop).getnameinfo(socket(host, 80))))
                .isEqualTo(expected);
    }

    @Test
    void reverseLookUpOfAnAddressMadeFromANameIsWhatTheBlockingCallGives() throws Exception {
        InetSocketAddress named = new InetSocketAddress("localhost", 8080);

        assertThat(loop.runUntilComplete(Resolver.of(loop).getnameinfo(named)))
                .isEqualTo(InetAddress.getByName("localhost").getCanonicalHostName());
    }

    @Test
    void reverseLookUpDoesNotRepeatTheNameTheAddressWasMadeFrom() throws Exception {
        InetAddress named = InetAddress.getByAddress("not-its-name", new byte[] {127, 0, 0, 1});

        assertThat(loop.runUntilComplete(Resolver.of(loop).getnameinfo(new InetSocketAddress(named, 80))))
                .isEqualTo(InetAddress.getByName("127.0.0.1").getCanonicalHostName());
    }

    private List<InetSocketAddress> resolve(String host, int port) {
        return loop.runUntilComplete(resolver.getaddrinfo(host, port));
    }

    private static InetSocketAddress socket(String literal, int port) {
        return new InetSocketAddress(Resolver.literal(literal), port);
    }

    private static Throwable assertUnknown(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        Throwable thrown = catchThrowable(future::join).getCause();
        assertThat(thrown).isInstanceOf(UnknownHostException.class);
        return thrown;
    }
}
