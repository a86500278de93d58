package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.transport.Bytes;
import io.jvloop.support.Contract;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hellos of the JDK's own engine, whole, in pieces and broken. */
@Timeout(60)
class ClientHelloTest {
    private static final SelfSigned IDENTITY = SelfSigned.of("localhost");

    /** The record with a client's first message; {@code name} is null for none. */
    private static byte[] hello(String name, String... protocols) throws Exception {
        SSLEngine engine = IDENTITY.clientContext().createSSLEngine();
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        if (protocols.length > 0) {
            parameters.setProtocols(protocols);
        }
        if (name != null) {
            parameters.setServerNames(List.of(new SNIHostName(name)));
        }
        engine.setSSLParameters(parameters);
        ByteBuffer record = ByteBuffer.allocate(20_000);
        engine.beginHandshake();
        engine.wrap(ByteBuffer.allocate(0), record);
        return Arrays.copyOf(record.array(), record.position());
    }

    private static String nameIn(byte[] received) {
        return ClientHello.serverName(ByteBuffer.wrap(received));
    }

    /** The same message in records of so many bytes. */
    private static byte[] fragmented(byte[] hello, int size) {
        int content = hello.length - 5;
        ByteBuffer records = ByteBuffer.allocate(content + 5 * (content / size + 1));
        for (int at = 0; at < content; at += size) {
            int length = Math.min(size, content - at);
            records.put(hello, 0, 3).putShort((short) length).put(hello, 5 + at, length);
        }
        return Arrays.copyOf(records.array(), records.position());
    }

    @Test
    @Contract(section = TLS, value = "The name that chooses a context is the one that the session tells of, "
            + "also if a client writes it in other letters")
    void readsTheNameAsTheEngineDoes() throws Exception {
        byte[] hello = hello("abcdefghi");
        byte[] plain = "abcdefghi".getBytes(StandardCharsets.US_ASCII);
        byte[] wide = "\uFF41dminxy".getBytes(StandardCharsets.UTF_8); // as long, in bytes
        for (int at = 0; at + plain.length <= hello.length; at++) {
            if (Arrays.equals(hello, at, at + plain.length, plain, 0, plain.length)) {
                System.arraycopy(wide, 0, hello, at, wide.length);
            }
        }
        assertThat(nameIn(hello)).isEqualTo("adminxy");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void findsTheName(String protocol) throws Exception {
        assertThat(nameIn(hello("www.example.org", protocol))).isEqualTo("www.example.org");
    }

    @Test
    void nameIsInLowerCase() throws Exception {
        assertThat(nameIn(hello("WWW.Example.ORG"))).isEqualTo("www.example.org");
    }

    @Test
    void helloWithoutANameHasNone() throws Exception {
        assertThat(nameIn(hello(null))).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "[::1]"})
    void clientOfAnAddressSendsNone(String host) throws Exception {
        TlsSetup setup = TlsSetup.client(IDENTITY.clientContext(), host, TlsConfig.DEFAULT);
        SSLEngine engine = setup.newEngine(new MemoryTransport(null), null);
        ByteBuffer record = ByteBuffer.allocate(20_000);
        engine.beginHandshake();
        engine.wrap(ByteBuffer.allocate(0), record);
        assertThat(ClientHello.serverName(record.flip())).isNull();
    }

    @Test
    void helloCutAtAnyByteIsIncomplete() throws Exception {
        byte[] hello = hello("localhost");
        for (int cut = 0; cut < hello.length; cut++) {
            assertThat(nameIn(Arrays.copyOf(hello, cut))).as("cut at " + cut)
                    .isEqualTo(ClientHello.INCOMPLETE);
        }
        assertThat(nameIn(Arrays.copyOf(hello, hello.length + 1))).isEqualTo("localhost");
    }

    @Test
    void helloInSeveralRecordsIsPutTogether() throws Exception {
        byte[] hello = hello("localhost");
        for (int size = (hello.length - 5) / 16 + 1; size < hello.length; size++) {
            assertThat(nameIn(fragmented(hello, size))).as("records of " + size).isEqualTo("localhost");
        }
    }

    @Test
    void helloInSeveralRecordsCutAtAnyByteIsIncomplete() throws Exception {
        byte[] records = fragmented(hello("localhost"), 100);
        for (int cut = 0; cut < records.length; cut++) {
            assertThat(nameIn(Arrays.copyOf(records, cut))).as("cut at " + cut)
                    .isEqualTo(ClientHello.INCOMPLETE);
        }
    }

    @Test
    void helloInCrumbsIsNotPutTogetherForEver() throws Exception {
        assertThat(nameIn(fragmented(hello("localhost"), 1))).isEqualTo(ClientHello.REFUSED);
        byte[] empty = new byte[16 * 5];
        for (int i = 0; i < 16; i++) {
            System.arraycopy(TlsScene.record(22, 0), 0, empty, 5 * i, 5);
        }
        assertThat(nameIn(empty)).isEqualTo(ClientHello.REFUSED);
    }

    @Test
    void whatIsNoHelloHasNoName() throws Exception {
        assertThat(nameIn("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))).isNull();
        assertThat(nameIn(TlsScene.record(23, 100))).isNull();
        byte[] otherMessage = hello("localhost");
        otherMessage[5] = 2;
        assertThat(nameIn(otherMessage)).isNull();
        assertThat(nameIn(new byte[0])).isEqualTo(ClientHello.INCOMPLETE);
    }

    @Test
    void emptyNameIsNone() throws Exception {
        byte[] hello = hello("localhost");
        int at = new String(hello, StandardCharsets.ISO_8859_1).indexOf("localhost");
        ByteBuffer.wrap(hello).putShort(at - 2, (short) 0);
        assertThat(nameIn(hello)).isNull();
    }

    /** The engine gets the same bytes and says what is wrong; here nothing may be thrown. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void brokenHellosAreNeverAFailure(long seed) throws Exception {
        Random random = new Random(seed);
        byte[][] sound = {hello("www.example.org"), fragmented(hello("a.b"), 97), hello(null, "TLSv1.2")};
        for (int round = 0; round < 20_000; round++) {
            byte[] broken = sound[round % sound.length].clone();
            int start = random.nextInt(4) == 0 ? 0 : 5; // mostly the record's header is let alone
            for (int i = random.nextInt(6); i >= 0; i--) {
                int at = start + random.nextInt(broken.length - start);
                broken[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) -random.nextInt(2);
            }
            int length = random.nextInt(3) == 0 ? random.nextInt(broken.length) : broken.length;
            ByteBuffer data = ByteBuffer.wrap(broken, 0, length);
            String name = ClientHello.serverName(data);
            assertThat(data.limit()).isEqualTo(length);
            assertThat(name == null || name.length() <= broken.length).isTrue();
        }
    }

    @Test
    void noiseIsNeverAFailure() {
        for (int size = 0; size < 3_000; size++) {
            byte[] noise = Bytes.noise(size);
            if (size > 3) {
                noise[0] = 22;
                noise[3] = 0;
            }
            if (size > 8) {
                noise[5] = 1;
                noise[6] = 0;
                noise[7] = 0;
            }
            String name = nameIn(noise);
            assertThat(name == null || name.length() <= size).isTrue();
        }
    }
}
