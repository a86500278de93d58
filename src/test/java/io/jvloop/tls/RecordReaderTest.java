package io.jvloop.tls;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.buffer.BufferPool;
import io.jvloop.support.Contract;
import io.jvloop.transport.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** However the bytes come, the same records come out, and no memory is taken but for bytes that are there. */
@Timeout(60)
class RecordReaderTest {
    private static final SelfSigned IDENTITY = SelfSigned.of("localhost");

    private final BufferPool pool = new BufferPool();
    private final RecordReader reader = new RecordReader(pool);

    @AfterEach
    void everyBufferIsBack() {
        reader.clear();
        assertThat(reader.heldBytes()).isZero();
        assertThat(pool.outstanding()).isZero();
    }

    private static byte[] record(int type, int contentBytes) {
        byte[] record = TlsScene.record(type, contentBytes);
        System.arraycopy(Bytes.noise(contentBytes), 0, record, 5, contentBytes);
        return record;
    }

    /** Feeds one piece; what is left over is held. */
    private List<byte[]> feed(byte[] bytes, int from, int to) {
        List<byte[]> records = new ArrayList<>();
        ByteBuffer data = Bytes.direct(Arrays.copyOfRange(bytes, from, to));
        while (true) {
            int type = reader.nextType(data);
            ByteBuffer record = pool.heapScratch();
            int length = reader.next(data, record);
            assertThat(type >= 0).isEqualTo(length > 0);
            if (length == 0) {
                break;
            }
            assertThat(record.remaining()).isEqualTo(length);
            byte[] copy = new byte[length];
            record.get(copy);
            assertThat(type).isEqualTo(copy[0] & 0xFF);
            records.add(copy);
            reader.advance(data, length);
        }
        reader.hold(data);
        return records;
    }

    private static byte[] joined(List<byte[]> records) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        records.forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void recordsCutAtEveryByteComeOutWhole() {
        List<byte[]> records = List.of(record(22, 40), record(20, 1), record(23, 0), record(21, 2));
        byte[] stream = joined(records);
        for (int cut = 0; cut <= stream.length; cut++) {
            List<byte[]> found = feed(stream, 0, cut);
            found.addAll(feed(stream, cut, stream.length));
            assertThat(found).as("cut at " + cut).containsExactlyElementsOf(records);
            assertThat(reader.heldBytes()).isZero();
            assertThat(pool.outstanding()).isZero();
        }
    }

    @Test
    void recordsThatComeByteByByteComeOutWhole() {
        List<byte[]> records = List.of(record(22, 5_000), record(23, 16_640), record(21, 26));
        byte[] stream = joined(records);
        List<byte[]> found = new ArrayList<>();
        for (int i = 0; i < stream.length; i++) {
            found.addAll(feed(stream, i, i + 1));
            assertThat(pool.outstanding()).isEqualTo(reader.heldBytes() == 0 ? 0
                    : reader.heldBytes() <= 4_096 ? 1 : (int) ((reader.heldBytes() + 4_095) / 4_096));
        }
        assertThat(found).containsExactlyElementsOf(records);
    }

    @RepeatedTest(20)
    void randomPiecesGiveTheSameRecords(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            records.add(record(20 + random.nextInt(5),
                    random.nextInt(random.nextBoolean() ? 50 : 16_640)));
        }
        byte[] stream = joined(records);
        List<byte[]> found = new ArrayList<>();
        int from = 0;
        while (from < stream.length) {
            int most = random.nextInt(4) == 0 ? 100_000 : 1_000;
            int to = Math.min(stream.length, from + 1 + random.nextInt(most));
            found.addAll(feed(stream, from, to));
            from = to;
            assertThat(joined(found).length + reader.heldBytes()).isEqualTo(to);
            assertThat(pool.outstanding() == 0).isEqualTo(reader.heldBytes() == 0);
        }
        assertThat(found).containsExactlyElementsOf(records);
    }

    @Test
    void whatIsHeldComesBeforeWhatArrives() {
        byte[] first = record(23, 10);
        byte[] second = record(23, 20);
        reader.hold(ByteBuffer.wrap(joined(List.of(first, second, first))));
        assertThat(reader.heldBytes()).isEqualTo(15 + 25 + 15);
        assertThat(feed(second, 0, second.length)).containsExactly(first, second, first, second);
    }

    @Test
    void wholeRecordsAreNotHeld() {
        byte[] stream = joined(List.of(record(23, 16_000), record(23, 16_000)));
        ByteBuffer data = Bytes.direct(stream);
        assertThat(reader.next(data, pool.heapScratch())).isEqualTo(16_005);
        assertThat(data.position()).as("it is shown, not taken").isZero();
        assertThat(pool.outstanding()).isZero();
        reader.advance(data, 16_005);
        assertThat(data.remaining()).isEqualTo(16_005);
    }

    @Test
    void onlyWhatIsMissingIsTakenOfWhatArrives() {
        byte[] record = record(23, 100);
        reader.hold(ByteBuffer.wrap(record, 0, 3));
        ByteBuffer data = Bytes.direct(joined(List.of(Arrays.copyOfRange(record, 3, 105), record)));
        assertThat(reader.nextType(data)).isEqualTo(23);
        assertThat(reader.heldBytes()).isEqualTo(105);
        assertThat(data.remaining()).isEqualTo(105);
        reader.advance(data, 105);
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    @Contract(section = BETTER,
            value = "A TLS peer that announces a record of 16 KiB and sends its first bytes "
                    + "costs one page, not 16 KiB")
    void memoryIsTakenForBytesThatAreThere() {
        assertThat(feed(TlsScene.record(23, 16_384), 0, 5)).isEmpty();
        assertThat(reader.heldBytes()).isEqualTo(5);
        assertThat(pool.outstanding()).isEqualTo(1);
        reader.clear();
        assertThat(pool.keptBytes()).isEqualTo(4_096);
    }

    @Test
    void noneIsNoType() {
        assertThat(reader.nextType(ByteBuffer.allocate(0))).isEqualTo(-1);
        byte[] record = record(22, 50);
        assertThat(reader.nextType(ByteBuffer.wrap(record, 0, 54))).isEqualTo(-1);
        assertThat(reader.nextType(ByteBuffer.wrap(record))).isEqualTo(22);
    }

    @Test
    void peekShowsWhatThereIsRoomForAndKeepsIt() {
        byte[] noise = Bytes.noise(70_000);
        reader.hold(ByteBuffer.wrap(noise));
        ByteBuffer few = ByteBuffer.allocate(100);
        reader.peek(few);
        assertThat(few.array()).isEqualTo(Arrays.copyOf(noise, 100));
        ByteBuffer all = ByteBuffer.allocate(100_000);
        reader.peek(all);
        assertThat(all.position()).isEqualTo(70_000);
        assertThat(reader.heldBytes()).isEqualTo(70_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n",
        "\u0000\u0000\u0000\u0000\u0000\u0000"})
    void whatIsNotTlsIsShownToTheEngineWhichRefusesIt(String greeting) throws Exception {
        ByteBuffer data = Bytes.heap(greeting);
        ByteBuffer record = pool.heapScratch();
        assertThat(reader.next(data, record)).isEqualTo(5);
        assertThat(reader.nextType(data)).isEqualTo(greeting.charAt(0));
        assertRefused(record);
    }

    private static void assertRefused(ByteBuffer record) throws SSLException {
        SSLEngine server = IDENTITY.context().createSSLEngine();
        server.setUseClientMode(false);
        TlsEngine engine = new TlsEngine(server);
        engine.begin();
        assertThatThrownBy(() -> engine.open(record, ByteBuffer.allocate(300_000)))
                .isInstanceOf(SSLException.class);
    }

    /** The longest fits into the scratch, whatever the header says and however much has arrived. */
    @ParameterizedTest
    @CsvSource({"33089, 0", "33089, 70000", "40000, 0", "40000, 70000", "65530, 70000", "65531, 70000",
        "65532, 70000", "65535, 0", "65535, 70000", "65535, 262139"})
    void whatClaimsToBeTooLongIsRefusedByTheEngine(int claimed, int arrived) throws Exception {
        byte[] stream = Arrays.copyOf(TlsScene.record(22, claimed), 5 + arrived);
        for (int cut : new int[] {0, 3, 5, Math.min(20_000, stream.length)}) {
            reader.hold(ByteBuffer.wrap(stream, 0, cut));
            ByteBuffer data = ByteBuffer.wrap(stream, cut, stream.length - cut);
            ByteBuffer record = pool.heapScratch();
            int length = reader.next(data, record);
            assertThat(reader.heldBytes()).isLessThan(40_000);
            assertThat(length).isEqualTo(Math.min(stream.length, 33_093));
            assertRefused(record);
            reader.clear();
        }
    }

    /** The longest that is none too long for the JDK. */
    @Test
    void theLongestRecordIsAwaitedWhole() {
        byte[] longest = TlsScene.record(23, 33_088);
        assertThat(feed(longest, 0, 33_092)).isEmpty();
        assertThat(feed(longest, 33_092, 33_093)).hasSize(1);
    }
}
