package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import io.jvloop.tls.TlsConfig.ClientAuthentication;
import io.jvloop.transport.Protocol;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How engines are made of a configuration; and that mistakes show when a factory is made. */
@Timeout(60)
class TlsSetupTest {
    private static final SelfSigned IDENTITY = SelfSigned.of("localhost");
    private static final SSLContext CONTEXT = IDENTITY.context();

    private static SSLEngine client(String host, TlsConfig config) {
        return TlsSetup.client(CONTEXT, host, config).newEngine(new MemoryTransport(null), null);
    }

    private static SSLEngine server(TlsConfig config) {
        return new TlsSetup(CONTEXT, null, config).newEngine(new MemoryTransport(null), null);
    }

    private static Protocol protocol() {
        return new Protocol() {
        };
    }

    @Test
    @Contract(section = TLS,
            value = "An unknown cipher suite or version is refused when the factory is made, not at the "
                    + "first connection")
    void whatTheJdkDoesNotKnowIsRefusedAtOnce() {
        for (TlsConfig config : List.of(TlsConfig.DEFAULT.withCipherSuites("TLS_ROT13"),
                TlsConfig.DEFAULT.withProtocols("TLSv9"))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tls.server(CONTEXT, TlsSetupTest::protocol, config));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tls.client(CONTEXT, "localhost", TlsSetupTest::protocol, config));
        }
    }

    @Test
    void nullsAreRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> Tls.server(null, TlsSetupTest::protocol));
        assertThatNullPointerException().isThrownBy(() -> Tls.server(CONTEXT, null));
        assertThatNullPointerException()
                .isThrownBy(() -> Tls.server(CONTEXT, TlsSetupTest::protocol, null));
        assertThatNullPointerException()
                .isThrownBy(() -> Tls.client(CONTEXT, null, TlsSetupTest::protocol));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t", ".", "[]"})
    @Contract(section = TLS, value = "A TLS client must be given the name of its server")
    void blankHostIsRefused(String host) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tls.client(CONTEXT, host, TlsSetupTest::protocol))
                .withMessageContaining("server's name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a..b", ".example"})
    void hostThatIsNoNameIsRefused(String host) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tls.client(CONTEXT, host, TlsSetupTest::protocol));
    }

    @ParameterizedTest
    @CsvSource({"example.org, example.org", "example.org., example.org",
        "bücher.de, xn--bcher-kva.de",
        "BIG, BIG"})
    void nameIsSentAndCheckedAsItStandsInCertificates(String host, String ascii) {
        SSLEngine engine = client(host, TlsConfig.DEFAULT);
        assertThat(engine.getPeerHost()).isEqualTo(ascii);
        assertThat(engine.getSSLParameters().getServerNames()).containsExactly(new SNIHostName(ascii));
        assertThat(engine.getSSLParameters().getEndpointIdentificationAlgorithm()).isEqualTo("HTTPS");
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "::1, ::1", "[::1], ::1", "[2001:db8::7], 2001:db8::7",
        "my_container, my_container"})
    void whatIsNoDnsNameIsCheckedButNotSent(String host, String bare) {
        SSLEngine engine = client(host, TlsConfig.DEFAULT);
        assertThat(engine.getPeerHost()).isEqualTo(bare);
        List<?> names = engine.getSSLParameters().getServerNames();
        assertThat(names == null || names.isEmpty()).as("no name is sent: " + names).isTrue();
        assertThat(engine.getSSLParameters().getEndpointIdentificationAlgorithm()).isEqualTo("HTTPS");
    }

    @Test
    void withoutTheHostCheckTheNameIsSentAllTheSame() {
        SSLParameters parameters =
                client("localhost", TlsConfig.DEFAULT.withHostCheck(false)).getSSLParameters();
        assertThat(parameters.getEndpointIdentificationAlgorithm()).isNull();
        assertThat(parameters.getServerNames()).containsExactly(new SNIHostName("localhost"));
    }

    @Test
    @Contract(section = TLS,
            value = "By default TLS 1.3 and 1.2 are spoken, with forward secrecy and authenticated "
                    + "encryption only")
    void defaultSuitesAreModern() {
        for (SSLEngine engine : List.of(server(TlsConfig.DEFAULT), client("x", TlsConfig.DEFAULT))) {
            assertThat(engine.getEnabledProtocols()).containsExactlyInAnyOrder("TLSv1.3", "TLSv1.2");
            assertThat(engine.getEnabledCipherSuites()).contains("TLS_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256").allMatch(
                            suite -> suite.matches("TLS_(AES|CHACHA20|(ECDHE|DHE)_[A-Z]+_WITH)_.*"))
                    .noneMatch(suite -> suite.matches(".*(CBC|_anon_|NULL|RC4|3DES|TLS_RSA_|TLS_ECDH_).*"));
        }
    }

    @Test
    void whatIsChosenIsUsedInItsOrder() {
        TlsConfig config = TlsConfig.DEFAULT.withProtocols("TLSv1.2")
                .withCipherSuites("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_256_GCM_SHA384");
        SSLEngine engine = server(config);
        assertThat(engine.getEnabledProtocols()).containsExactly("TLSv1.2");
        assertThat(engine.getEnabledCipherSuites())
                .containsExactly("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_256_GCM_SHA384");
    }

    @Test
    void applicationProtocolsArePassedOn() {
        TlsConfig config = TlsConfig.DEFAULT.withApplicationProtocols("h2", "http/1.1");
        assertThat(server(config).getSSLParameters().getApplicationProtocols()).containsExactly("h2",
                "http/1.1");
        assertThat(client("x", config).getSSLParameters().getApplicationProtocols()).containsExactly("h2",
                "http/1.1");
        assertThat(server(TlsConfig.DEFAULT).getSSLParameters().getApplicationProtocols()).isEmpty();
    }

    @Test
    void clientsAreAskedForACertificateAsConfigured() {
        assertThat(server(TlsConfig.DEFAULT).getWantClientAuth()).isFalse();
        assertThat(server(TlsConfig.DEFAULT).getNeedClientAuth()).isFalse();
        assertThat(server(TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.WANTED))
                .getWantClientAuth()).isTrue();
        assertThat(server(TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.REQUIRED))
                .getNeedClientAuth()).isTrue();
    }

    @Test
    void theLastWordOnTheParametersIsTheApplications() {
        AtomicInteger calls = new AtomicInteger();
        TlsConfig config = TlsConfig.DEFAULT.withParameters(parameters -> {
            calls.incrementAndGet();
            parameters.setUseCipherSuitesOrder(false);
        });
        TlsFactory factory = Tls.server(CONTEXT, TlsSetupTest::protocol, config);
        assertThat(calls).as("once on trial").hasValue(1);
        assertThat(factory.get()).isNotSameAs(factory.get());
        assertThat(server(config).getSSLParameters().getUseCipherSuitesOrder()).isFalse();
        assertThat(calls).hasValue(2);
    }

    @Test
    void withoutResumptionAClientHasNoPortUnderWhichSessionsAreKept() {
        assertThat(client("x", TlsConfig.DEFAULT).getPeerPort()).isEqualTo(2);
        assertThat(client("x", TlsConfig.DEFAULT.withSessionResumption(false)).getPeerPort()).isEqualTo(-1);
    }

    @Test
    void aServersContextIsChosenByTheName() {
        SSLContext other = ScriptedContext.of(ScriptedEngine.tls13());
        TlsSetup setup = new TlsSetup(CONTEXT, null,
                TlsConfig.DEFAULT.withContexts(name -> "other".equals(name) ? other : null));
        assertThat(setup.choosesContext()).isTrue();
        MemoryTransport below = new MemoryTransport(null);
        assertThat(setup.newEngine(below, "other")).isInstanceOf(ScriptedEngine.class);
        assertThat(setup.newEngine(below, "unknown")).isNotInstanceOf(ScriptedEngine.class);
        assertThat(setup.newEngine(below, null)).isNotInstanceOf(ScriptedEngine.class);
    }

    @Test
    void factoriesSayWhatTheyAreFor() {
        assertThat(Tls.client(CONTEXT, "localhost", TlsSetupTest::protocol)).asString()
                .startsWith("TlsFactory[client of localhost, TlsConfig[");
        assertThat(Tls.server(CONTEXT, TlsSetupTest::protocol)).asString()
                .startsWith("TlsFactory[server, TlsConfig[");
    }
}
