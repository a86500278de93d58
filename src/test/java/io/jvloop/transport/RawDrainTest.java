package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A loop that ends in order does not wait for raw channels that are closed already, by whomever. */
@Timeout(60) // less than the deadline
@ExtendWith(LoopExtension.class)
class RawDrainTest {
    private static final Duration DEADLINE = Duration.ofMinutes(10);
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A raw channel that somebody has closed does not hold up a loop "
                    + "that drains")
    void closedChannelIsNotWaitedFor(EventLoop loop) throws IOException {
        Net.listen(loop, ANY_PORT, Recorder::new);
        RawChannel raw = RawChannel.of(loop, SocketChannel.open());
        raw.channel().close();
        assertThat(loop.runUntilComplete(loop.drain(DEADLINE))).isTrue();
    }

    @Test
    void channelThatCouldNotBeConnectedIsNotWaitedFor(EventLoop loop) throws IOException {
        Net.listen(loop, ANY_PORT, Recorder::new);
        RawChannel raw = RawChannel.of(loop, SocketChannel.open());
        assertThatThrownBy(() -> loop.runUntilComplete(raw.connect(Peer.refusing())))
                .hasCauseInstanceOf(ConnectException.class);
        assertThat(loop.stats().channels()).isEqualTo(1);
        assertThat(loop.runUntilComplete(loop.drain(DEADLINE))).isTrue();
    }
}
