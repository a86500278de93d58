package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.StandardSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LoopExtension.class)
class OptionsTest {
    @Test
    @Contract(section = TRANSPORT, value = "A socket's options may be read and set while it is open")
    void optionsAreThoseOfTheSocket(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), Recorder::new));
            assertThat(transport.option(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
            transport.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            assertThat(transport.option(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(pair.near().getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> transport.option(StandardSocketOptions.IP_MULTICAST_TTL));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> transport.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 1));
            transport.abort();
            Turns.run(loop, 2);
            assertThatIOException()
                    .isThrownBy(() -> transport.option(StandardSocketOptions.SO_KEEPALIVE));
            assertThatIOException()
                    .isThrownBy(() -> transport.setOption(StandardSocketOptions.SO_KEEPALIVE, false));
        }
    }

    @Test
    void toStringTellsWhatIsGoingOn(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), Recorder::new));
            assertThat(transport.toString()).contains(pair.far().getLocalAddress().toString(),
                    pair.far().getRemoteAddress().toString(), "OPEN", "Recorder");
            transport.pauseReading();
            assertThat(transport.toString()).contains("paused");
            Connection.fill(transport);
            assertThat(transport.toString()).contains(transport.writeBufferSize() + " bytes");
            transport.close();
            assertThat(transport.toString()).contains("CLOSING");
            transport.abort();
            Turns.run(loop, 2);
            assertThat(transport.toString()).contains("CLOSED");
        }
    }
}
