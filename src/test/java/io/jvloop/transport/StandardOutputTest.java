package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.support.LoopExtension;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The loop's end of a standard output. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class StandardOutputTest {
    @Test
    void writeThatFindsThePipeBrokenSaysWhatHappenedToTheOutput() throws IOException {
        Path device = Path.of("/dev/full");
        assumeTrue(Files.exists(device));
        try (FileOutputStream full = new FileOutputStream(device.toFile())) {
            StandardOutput output = new StandardOutput("full", full.getFD());
            output.start();
            output.write(Bytes.heap("does not fit"));
            assertThatThrownBy(() -> output.end().join()).hasMessageContaining("No space left");
            assertThatIOException().isThrownBy(() -> output.write(Bytes.heap("nor this")))
                    .withMessageContaining("No space left");
            assertThatIOException()
                    .isThrownBy(() -> output.write(new ByteBuffer[] {Bytes.heap("nor this")}))
                    .withMessageContaining("No space left");
            output.close();
        }
    }
}
