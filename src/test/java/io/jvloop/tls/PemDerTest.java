package io.jvloop.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DER as X.690 has it, written and read. */
class PemDerTest {
    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @ParameterizedTest
    @CsvSource({"0, 0400", "1, 0401", "127, 047f", "128, 048180", "255, 0481ff", "256, 04820100",
        "65535, 0482ffff", "65536, 0483010000"})
    void lengthTakesAsFewBytesAsItCan(int length, String head) throws IOException {
        byte[] value = Der.value(Der.OCTET_STRING, new byte[length / 2], new byte[length - length / 2]);
        assertThat(hex(value)).startsWith(head).hasSize(head.length() + 2 * length);
        DerReader reader = new DerReader(value);
        assertThat(reader.value(Der.OCTET_STRING)).hasSize(length);
        reader.requireEnd();
    }

    @ParameterizedTest
    @CsvSource({"2.5.29.17, 0603551d11", "1.2.840.10045.4.3.2, 06082a8648ce3d040302",
        "1.3.6.1.5.5.7.3.1, 06082b06010505070301", "2.16.840.1.101.3.4.1.42, 060960864801650304012a",
        "2.999.3, 0603883703", "1.3.101.112, 06032b6570", "1.2.128.16383.16384, 06082a8100ff7f818000"})
    void objectIdentifiersGoBothWays(String dotted, String encoded) throws IOException {
        assertThat(hex(Der.oid(dotted))).isEqualTo(encoded);
        assertThat(new DerReader(bytes(encoded)).oid()).isEqualTo(dotted);
    }

    @Test
    void valuesAreWrittenAsTheStandardHasThem() {
        assertThat(hex(Der.integer(0))).isEqualTo("020100");
        assertThat(hex(Der.integer(128))).isEqualTo("02020080");
        assertThat(hex(Der.integer(BigInteger.ONE.shiftLeft(64)))).isEqualTo("0209010000000000000000");
        assertThat(hex(Der.yes())).isEqualTo("0101ff");
        assertThat(hex(Der.bits(2, (byte) 0x84))).isEqualTo("03020284");
        assertThat(hex(Der.sequence(Der.integer(1), Der.sequence()))).isEqualTo("30050201013000");
    }

    @Test
    void valuesAreReadOneAfterTheOther() throws IOException {
        DerReader reader = new DerReader(bytes("3008020300ffff040161")).enter(Der.SEQUENCE);
        assertThat(reader.tag()).isEqualTo(Der.INTEGER);
        assertThat(reader.integer()).isEqualTo(0xffff);
        assertThat(hex(reader.whole())).isEqualTo("040161");
        assertThat(reader.hasNext()).isFalse();
        assertThat(reader.tag()).isEqualTo(-1);
    }

    /** A value must not reach beyond the one that it is in. */
    @Test
    void lengthEndsWithTheValueAround() throws IOException {
        DerReader inside = new DerReader(bytes("30030402616263")).enter(Der.SEQUENCE);
        assertThatThrownBy(() -> inside.value(Der.OCTET_STRING)).isInstanceOf(DerReader.Damaged.class)
                .hasMessage("DER cut short: 2 bytes announced, 1 there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"30", "3001", "308101", "3081", "308201", "30847fffffff", "3084ffffffff", "3080",
        "30850000000001", "0400", ""})
    void damageIsNoticed(String encoded) {
        assertThatThrownBy(() -> new DerReader(bytes(encoded)).enter(Der.SEQUENCE))
                .isInstanceOf(DerReader.Damaged.class).hasMessageContaining("DER");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0200", "0201ff", "02050100000000", "040101"})
    void numberOutOfRangeIsNoticed(String encoded) {
        assertThatThrownBy(() -> new DerReader(bytes(encoded)).integer())
                .isInstanceOf(DerReader.Damaged.class);
    }
}
