package io.jvloop.http.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tries what a fuzzer has found worth keeping, and what chance makes of good and bad requests.
 *
 * <p>The corpus is small on purpose: of what half an hour of {@code mvn -Pfuzz -DskipTests test} has found,
 * the least that reaches every branch that was reached (libFuzzer's {@code -set_cover_merge=1
 * -use_counters=0}).
 */
@Timeout(120)
class RequestFuzzTest {
    private static final Path CORPUS = Path.of("src/test/java/io/jvloop/http/codec/corpus");
    private static final int MUTANTS = 8_000;
    private static final long SEED = 9112;

    @Test
    void everyFileOfTheCorpusHolds() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(CORPUS)) {
            files = found.sorted().toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            tryOut(Files.readAllBytes(file), file.getFileName().toString());
        }
    }

    @Test
    void mutantsOfGoodAndBadRequestsHold() {
        RequestSeeds seeds = new RequestSeeds(new Random(SEED));
        for (int i = 0; i < MUTANTS; i++) {
            tryOut(seeds.mutant(), "mutant " + i);
        }
    }

    @Test
    void seedsAreTakenOrRefusedAsTheyShould() {
        RequestSeeds.GOOD.forEach(text -> assertThat(parsed(text).hasFailed()).as(text).isFalse());
        RequestSeeds.BAD.forEach(text -> assertThat(parsed(text).hasFailed()).as(text).isTrue());
    }

    private static ParsedRequests parsed(String text) {
        ParsedRequests parsed = new ParsedRequests(HttpLimits.DEFAULT);
        parsed.take(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
        return parsed;
    }

    private static void tryOut(byte[] data, String name) {
        try {
            RequestFuzzTarget.fuzzerTestOneInput(data);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(name + ", " + Base64.getEncoder().encodeToString(data), e);
        }
    }
}
