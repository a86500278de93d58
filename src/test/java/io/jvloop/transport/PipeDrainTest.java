package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The program wants to end in order while pipes are open. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PipeDrainTest {
    private Pipe pipe;

    @BeforeEach
    void openPipe() throws IOException {
        pipe = Pipe.open();
    }

    @AfterEach
    void closePipe() throws IOException {
        pipe.sink().close();
        pipe.source().close();
    }

    private static final class Busy implements Protocol {
        @Override
        public boolean draining() {
            return true;
        }
    }

    @Test
    void pipesCloseThemselvesOnceEverythingIsSent(EventLoop loop) throws IOException {
        Recorder reader = new Recorder();
        Recorder writer = new Recorder();
        ReadPipe in = (ReadPipe) loop.runUntilComplete(Pipes.read(loop, pipe.source(), () -> reader));
        WritePipe out = (WritePipe) loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> writer));
        out.write(ByteBuffer.allocate(100_000));
        out.draining();
        assertThat(out.isClosing()).isTrue();
        assertThat(out.writeBufferSize()).isPositive();
        while (!reader.calls().contains("lost")) {
            Turns.run(loop, 1);
        }
        assertThat(reader.byteCount()).isEqualTo(100_000);
        assertThat(writer.calls()).endsWith("lost");
        in.draining(); // has nothing to end any more
    }

    @Test
    void protocolThatIsBusyGoesOn(EventLoop loop) throws IOException {
        ReadPipe in = (ReadPipe) loop.runUntilComplete(Pipes.read(loop, pipe.source(), Busy::new));
        WritePipe out = (WritePipe) loop.runUntilComplete(Pipes.write(loop, pipe.sink(), Busy::new));
        in.draining();
        out.draining();
        assertThat(in.isClosing()).isFalse();
        assertThat(out.isClosing()).isFalse();
        in.setProtocol(new Recorder());
        in.draining();
        assertThat(in.isClosing()).isTrue();
        out.abort();
    }
}
