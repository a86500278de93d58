package io.jvloop.tls;

import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import io.jvloop.tls.TlsConfig.ClientAuthentication;
import io.jvloop.transport.WriteBufferLimits;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsConfigTest {
    private static final TlsConfig DEFAULT = TlsConfig.DEFAULT;

    @Test
    @Contract(section = CONSTANTS,
            value = "A TLS handshake may take 60 s, and the end of a TLS connection 30 s")
    @Contract(section = CONSTANTS,
            value = "The marks of a TLS connection are 128 and 512 KiB for what is not "
                    + "encrypted yet, 64 and 256 KiB for what is not decrypted yet")
    void defaultsAreThoseOfAsyncioAndUvloop() {
        assertThat(DEFAULT.handshakeTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(DEFAULT.shutdownTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(DEFAULT.writeBufferLimits()).isEqualTo(new WriteBufferLimits(131_072, 524_288));
        assertThat(DEFAULT.readBufferLimits()).isEqualTo(new WriteBufferLimits(65_536, 262_144));
        assertThat(DEFAULT.applicationProtocols()).isEmpty();
        assertThat(DEFAULT.protocols()).isEmpty();
        assertThat(DEFAULT.cipherSuites()).isEmpty();
        assertThat(DEFAULT.clientAuthentication()).isEqualTo(ClientAuthentication.NONE);
        assertThat(DEFAULT.contexts()).isNull();
        assertThat(DEFAULT.hostCheck()).isTrue();
        assertThat(DEFAULT.sessionResumption()).isTrue();
        assertThat(DEFAULT.inlineTasks()).isFalse();
        assertThat(DEFAULT.taskExecutor()).isNull();
        assertThat(DEFAULT.handshakeFailed()).isNull();
    }

    @Test
    void eachChangeIsKeptByAllLaterOnes() {
        Runnable[] ran = new Runnable[1];
        WriteBufferLimits write = new WriteBufferLimits(1, 2);
        WriteBufferLimits read = new WriteBufferLimits(3, 4);
        UnaryOperator<TlsConfig> changes = config -> config
                .withHandshakeTimeout(Duration.ofMillis(1)).withShutdownTimeout(Duration.ofMillis(2))
                .withApplicationProtocols("h2", "http/1.1").withProtocols("TLSv1.3")
                .withCipherSuites("TLS_AES_128_GCM_SHA256").withHostCheck(false)
                .withSessionResumption(false).withWriteBufferLimits(write).withReadBufferLimits(read)
                .withClientAuthentication(ClientAuthentication.REQUIRED).withContexts(name -> null)
                .withTaskExecutor(task -> ran[0] = task).withParameters(parameters -> {})
                .withHandshakeFailed((transport, cause) -> {});
        TlsConfig config = changes.apply(changes.apply(DEFAULT)); // nothing of the second gets lost
        assertThat(config.handshakeTimeout()).isEqualTo(Duration.ofMillis(1));
        assertThat(config.shutdownTimeout()).isEqualTo(Duration.ofMillis(2));
        assertThat(config.applicationProtocols()).containsExactly("h2", "http/1.1");
        assertThat(config.protocols()).containsExactly("TLSv1.3");
        assertThat(config.cipherSuites()).containsExactly("TLS_AES_128_GCM_SHA256");
        assertThat(config.hostCheck()).isFalse();
        assertThat(config.sessionResumption()).isFalse();
        assertThat(config.writeBufferLimits()).isSameAs(write);
        assertThat(config.readBufferLimits()).isSameAs(read);
        assertThat(config.clientAuthentication()).isEqualTo(ClientAuthentication.REQUIRED);
        assertThat(config.contexts()).isNotNull();
        assertThat(config.taskExecutor()).isNotNull();
        assertThat(config.parameters()).isNotSameAs(DEFAULT.parameters());
        assertThat(config.handshakeFailed()).isNotNull();
        defaultsAreThoseOfAsyncioAndUvloop(); // and the default is what it was
    }

    @Test
    void tasksRunInlineOrInAnExecutorWhicheverWasSaidLast() {
        TlsConfig inline = DEFAULT.withTaskExecutor(Runnable::run).withInlineTasks();
        assertThat(inline.inlineTasks()).isTrue();
        assertThat(inline.withTaskExecutor(null).inlineTasks()).isFalse();
    }

    @Test
    void listsAreCopies() {
        String[] names = {"h2"};
        TlsConfig config = DEFAULT.withApplicationProtocols(names).withProtocols(names)
                .withCipherSuites(names);
        names[0] = "changed";
        assertThat(List.of(config.applicationProtocols(), config.protocols(), config.cipherSuites()))
                .allSatisfy(list -> assertThat(list).containsExactly("h2").isUnmodifiable());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    @Contract(section = TLS, value = "A TLS timeout that is not positive is refused when it is set")
    void timeoutsMustBePositive(long nanos) {
        Duration timeout = Duration.ofNanos(nanos);
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULT.withHandshakeTimeout(timeout))
                .withMessage("handshakeTimeout must be > 0, not " + timeout);
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULT.withShutdownTimeout(timeout))
                .withMessage("shutdownTimeout must be > 0, not " + timeout);
    }

    @Test
    void nothingMayBeNullThatHasADefault() {
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withHandshakeTimeout(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withShutdownTimeout(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withWriteBufferLimits(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withReadBufferLimits(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withClientAuthentication(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withParameters(null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withProtocols("TLSv1.3", null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withCipherSuites((String) null));
        assertThatNullPointerException().isThrownBy(() -> DEFAULT.withApplicationProtocols((String) null));
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULT.withApplicationProtocols("h2", ""))
                .withMessageContaining("1 to 255 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULT.withApplicationProtocols("x".repeat(256)));
    }

    @Test
    void printsWhatIsUnusual() {
        assertThat(DEFAULT)
                .hasToString("TlsConfig[handshake PT1M, shutdown PT30S, client certificate NONE]");
        assertThat(DEFAULT.withHostCheck(false).withApplicationProtocols("h2").withInlineTasks())
                .hasToString("TlsConfig[handshake PT1M, shutdown PT30S, ALPN [h2], client certificate NONE, "
                        + "host unchecked, tasks inline]");
    }
}
