package io.jvloop.transport;

import static io.jvloop.support.Section.CONSTANTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The records that say how to listen, to connect and to set up a socket. */
class ConfigTest {
    private static final SocketConfig SOCKET =
            new SocketConfig(false, true, 1, 2, new WriteBufferLimits(3, 4));

    @Test
    @Contract(section = CONSTANTS, value = "A server listens with a backlog of 1024, reuses its address and "
            + "does not share its port, unless configured otherwise")
    void aServerListensWithTheseDefaults() {
        assertThat(ListenConfig.DEFAULT)
                .isEqualTo(new ListenConfig(1_024, true, false, true, true, SocketConfig.DEFAULT));
    }

    @Test
    void listenConfigChangesOneThingAtATime() {
        ListenConfig config = ListenConfig.DEFAULT;
        assertThat(config.withBacklog(5))
                .isEqualTo(new ListenConfig(5, true, false, true, true, SocketConfig.DEFAULT));
        assertThat(config.withReuseAddress(false))
                .isEqualTo(new ListenConfig(1_024, false, false, true, true, SocketConfig.DEFAULT));
        assertThat(config.withReusePort(true))
                .isEqualTo(new ListenConfig(1_024, true, true, true, true, SocketConfig.DEFAULT));
        assertThat(config.withStartServing(false))
                .isEqualTo(new ListenConfig(1_024, true, false, false, true, SocketConfig.DEFAULT));
        assertThat(config.withSocket(SOCKET))
                .isEqualTo(new ListenConfig(1_024, true, false, true, true, SOCKET));
        ListenConfig odd = new ListenConfig(7, false, true, false, false, SOCKET);
        assertThat(odd.withBacklog(8)).isEqualTo(new ListenConfig(8, false, true, false, false, SOCKET));
        assertThat(odd.withReuseAddress(true))
                .isEqualTo(new ListenConfig(7, true, true, false, false, SOCKET));
        assertThat(odd.withReusePort(false))
                .isEqualTo(new ListenConfig(7, false, false, false, false, SOCKET));
        assertThat(odd.withRemoveSocketFile(true))
                .isEqualTo(new ListenConfig(7, false, true, false, true, SOCKET));
        assertThat(odd.withStartServing(true))
                .isEqualTo(new ListenConfig(7, false, true, true, false, SOCKET));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    @Contract(section = CONSTANTS, value = "A backlog below 1 is refused")
    void backlogMustBePositive(int backlog) {
        assertThatIllegalArgumentException().isThrownBy(() -> ListenConfig.DEFAULT.withBacklog(backlog))
                .withMessageContaining(String.valueOf(backlog));
    }

    @Test
    void connectConfigChangesOneThingAtATime() {
        InetSocketAddress local = new InetSocketAddress("127.0.0.1", 5);
        Duration delay = Duration.ofMillis(250);
        Duration limit = Duration.ofSeconds(5);
        assertThat(ConnectConfig.DEFAULT)
                .isEqualTo(new ConnectConfig(null, null, 0, null, SocketConfig.DEFAULT));
        ConnectConfig odd = new ConnectConfig(local, delay, 3, limit, SOCKET);
        assertThat(odd.withLocalAddress(null)).isEqualTo(new ConnectConfig(null, delay, 3, limit, SOCKET));
        assertThat(odd.withInterleave(0)).isEqualTo(new ConnectConfig(local, delay, 0, limit, SOCKET));
        assertThat(odd.withSocket(SocketConfig.DEFAULT))
                .isEqualTo(new ConnectConfig(local, delay, 3, limit, SocketConfig.DEFAULT));
        assertThat(odd.withHappyEyeballs(Duration.ZERO))
                .isEqualTo(new ConnectConfig(local, Duration.ZERO, 3, limit, SOCKET));
        assertThat(odd.withTimeout(delay)).isEqualTo(new ConnectConfig(local, delay, 3, delay, SOCKET));
        assertThat(odd.withTimeout(null)).isEqualTo(new ConnectConfig(local, delay, 3, null, SOCKET));
    }

    @Test
    @Contract(section = CONSTANTS, value = "Happy eyeballs are off by default; switched on, the families "
            + "alternate from the first address on, unless configured otherwise")
    void happyEyeballsInterleaveUnlessToldOtherwise() {
        assertThat(ConnectConfig.DEFAULT.happyEyeballsDelay()).isNull();
        ConnectConfig on = ConnectConfig.DEFAULT.withHappyEyeballs(Duration.ofMillis(250));
        assertThat(on.interleave()).isEqualTo(1);
        assertThat(on.withInterleave(0).interleave()).isZero();
        assertThat(ConnectConfig.DEFAULT.withInterleave(2).withHappyEyeballs(Duration.ZERO).interleave())
                .isEqualTo(2);
    }

    @Test
    void connectConfigRefusesNegativeValues() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectConfig.DEFAULT.withHappyEyeballs(Duration.ofNanos(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> ConnectConfig.DEFAULT.withInterleave(-1));
    }

    @Test
    void aTimeLimitMustBePositive() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectConfig.DEFAULT.withTimeout(Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectConfig.DEFAULT.withTimeout(Duration.ofNanos(-1)));
    }

    @Test
    void socketConfigChangesOneThingAtATime() {
        WriteBufferLimits limits = new WriteBufferLimits(3, 4);
        assertThat(SocketConfig.DEFAULT)
                .isEqualTo(new SocketConfig(true, false, 0, 0, WriteBufferLimits.DEFAULT));
        assertThat(SOCKET.withNoDelay(true)).isEqualTo(new SocketConfig(true, true, 1, 2, limits));
        assertThat(SOCKET.withKeepAlive(false)).isEqualTo(new SocketConfig(false, false, 1, 2, limits));
        assertThat(SOCKET.withKernelBuffers(8, 9)).isEqualTo(new SocketConfig(false, true, 8, 9, limits));
        assertThat(SOCKET.withWriteBufferLimits(WriteBufferLimits.DEFAULT))
                .isEqualTo(new SocketConfig(false, true, 1, 2, WriteBufferLimits.DEFAULT));
    }

    @Test
    void socketConfigRefusesNegativeSizes() {
        assertThatIllegalArgumentException().isThrownBy(() -> SOCKET.withKernelBuffers(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> SOCKET.withKernelBuffers(0, -1));
    }

    @Test
    void partsMustNotBeNull() {
        assertThatNullPointerException().isThrownBy(() -> ListenConfig.DEFAULT.withSocket(null));
        assertThatNullPointerException().isThrownBy(() -> ConnectConfig.DEFAULT.withSocket(null));
        assertThatNullPointerException().isThrownBy(() -> SOCKET.withWriteBufferLimits(null));
    }
}
