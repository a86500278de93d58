package io.jvloop.transport;

import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** The record that says how to set an endpoint up. */
class DatagramConfigTest {
    private static final InetSocketAddress ONE = new InetSocketAddress("127.0.0.1", 1);
    private static final InetSocketAddress TWO = new InetSocketAddress("127.0.0.1", 2);
    private static final InetSocketAddress SIX = new InetSocketAddress("::1", 6);
    private static final WriteBufferLimits LIMITS = new WriteBufferLimits(3, 4);

    @Test
    @Contract(section = UDP, value = "An endpoint may not broadcast and does not share its port, unless "
            + "configured otherwise; its marks are those of a stream, 64 and 16 KiB")
    void endpointHasTheseDefaults() {
        assertThat(DatagramConfig.DEFAULT).isEqualTo(
                new DatagramConfig(null, null, false, false, 0, 0, new WriteBufferLimits(16_384, 65_536)));
    }

    @Test
    void configChangesOneThingAtATime() {
        DatagramConfig config = DatagramConfig.DEFAULT;
        assertThat(config.withLocalAddress(ONE))
                .isEqualTo(new DatagramConfig(ONE, null, false, false, 0, 0, WriteBufferLimits.DEFAULT));
        assertThat(config.withRemoteAddress(ONE))
                .isEqualTo(new DatagramConfig(null, ONE, false, false, 0, 0, WriteBufferLimits.DEFAULT));
        DatagramConfig odd = new DatagramConfig(ONE, TWO, true, true, 5, 6, LIMITS);
        assertThat(odd.withLocalAddress(null))
                .isEqualTo(new DatagramConfig(null, TWO, true, true, 5, 6, LIMITS));
        assertThat(odd.withRemoteAddress(null))
                .isEqualTo(new DatagramConfig(ONE, null, true, true, 5, 6, LIMITS));
        assertThat(odd.withBroadcast(false))
                .isEqualTo(new DatagramConfig(ONE, TWO, false, true, 5, 6, LIMITS));
        assertThat(odd.withReusePort(false))
                .isEqualTo(new DatagramConfig(ONE, TWO, true, false, 5, 6, LIMITS));
        assertThat(odd.withKernelBuffers(7, 8))
                .isEqualTo(new DatagramConfig(ONE, TWO, true, true, 7, 8, LIMITS));
        assertThat(odd.withWriteBufferLimits(WriteBufferLimits.DEFAULT))
                .isEqualTo(new DatagramConfig(ONE, TWO, true, true, 5, 6, WriteBufferLimits.DEFAULT));
        assertThat(config.withBroadcast(true).broadcast()).isTrue();
        assertThat(config.withReusePort(true).reusePort()).isTrue();
    }

    @Test
    void configRefusesWhatCannotBe() {
        DatagramConfig config = DatagramConfig.DEFAULT;
        assertThatIllegalArgumentException().isThrownBy(() -> config.withKernelBuffers(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> config.withKernelBuffers(0, -1));
        assertThatNullPointerException().isThrownBy(() -> config.withWriteBufferLimits(null));
        InetSocketAddress name = InetSocketAddress.createUnresolved("localhost", 1);
        assertThatIllegalArgumentException().isThrownBy(() -> config.withLocalAddress(name))
                .withMessageContaining("localhost").withMessageContaining("look-up");
        assertThatIllegalArgumentException().isThrownBy(() -> config.withRemoteAddress(name))
                .withMessageContaining("look-up");
    }

    @Test
    @Contract(section = UDP, value = "A local and a remote address of different families are refused")
    void addressesMustBeOfOneFamily() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DatagramConfig.DEFAULT.withLocalAddress(SIX).withRemoteAddress(ONE))
                .withMessageContaining(SIX.toString()).withMessageContaining(ONE.toString());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DatagramConfig.DEFAULT.withRemoteAddress(SIX).withLocalAddress(ONE));
        DatagramConfig wildcard = DatagramConfig.DEFAULT.withLocalAddress(new InetSocketAddress("::", 0));
        assertThat(wildcard.withRemoteAddress(ONE).remoteAddress()).isEqualTo(ONE);
        assertThat(wildcard.withRemoteAddress(SIX).remoteAddress()).isEqualTo(SIX);
    }
}
