package io.jvloop.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemTest {
    private static final String TWO = """
            text: before
            -----BEGIN A B-----
            b25l
            -----END A B-----
            -- between --
            -----BEGIN C-----
            dHdv
            LW1vcmU=
            -----END C-----
            after
            """;

    @TempDir
    private Path folder;

    private Path write(String text) throws IOException {
        return Files.write(folder.resolve("file.pem"), text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Each block as LABEL=CONTENT. */
    private List<String> read(String text) throws IOException {
        try (Pem pem = Pem.read(write(text))) {
            List<String> found = new ArrayList<>();
            for (Pem.Block block : pem.blocks(label -> true)) {
                found.add(block.label() + "=" + new String(block.der(), StandardCharsets.US_ASCII));
            }
            return found;
        }
    }

    private void assertRefused(String text, String message) {
        assertThatThrownBy(() -> read(text)).isExactlyInstanceOf(IOException.class)
                .hasMessage(folder.resolve("file.pem") + message);
    }

    @Test
    void blocksAreFoundAmongOtherText() throws IOException {
        assertThat(read(TWO)).containsExactly("A B=one", "C=two-more");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\r", "\n\n", " \n", "\t\r\n", "\n  "})
    void endsOfLinesAndSpacesDoNotMatter(String end) throws IOException {
        assertThat(read(TWO.replace("\n", end))).containsExactly("A B=one", "C=two-more");
    }

    @Test
    void endOfTheFileEndsTheLastLine() throws IOException {
        assertThat(read("-----BEGIN C-----\ndHdv\n-----END C-----")).containsExactly("C=two");
        assertThat(read("-----BEGIN C-----\r\ndHdv\r\n-----END C-----\r")).containsExactly("C=two");
    }

    @Test
    void byteOrderMarkIsSkipped() throws IOException {
        assertThat(read("\u00ef\u00bb\u00bf-----BEGIN C-----\ndHdv\n-----END C-----"))
                .containsExactly("C=two");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void headersAreSkippedButEncryptionIsNoticed(String end) throws IOException {
        String block = "-----BEGIN C-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\ndHdv\n"
                + "-----END C-----\n-----BEGIN C-----\nComment: not ENCRYPTED\ndHdv\n-----END C-----\n";
        try (Pem pem = Pem.read(write(block.replace("\n", end)))) {
            List<Pem.Block> blocks = pem.blocks("C"::equals);
            assertThat(blocks).extracting(Pem.Block::isEncrypted).containsExactly(true, false);
            assertThat(blocks.get(0).der()).asString(StandardCharsets.US_ASCII).isEqualTo("two");
            assertThat(blocks.get(1).der()).asString(StandardCharsets.US_ASCII).isEqualTo("two");
        }
    }

    @Test
    void damageIsReportedWithTheLine() {
        assertRefused("\r\n\r\n-----BEGIN C-----\r\nd!dv\r\n-----END C-----\r\n",
                ", line 3 (C): the Base64 is broken, copy the file again: Illegal base64 character 21");
        assertRefused("-----BEGIN C-----\n-----END C-----\n",
                ", line 1 (C): the block is empty; copy the file again");
        assertRefused("-----BEGIN C-----\nA: b\n-----END C-----\n",
                ", line 1 (C): the block is empty; copy the file again");
        assertRefused("-----BEGIN C-----\ndHdv\n-----END D-----\n",
                ", line 1 (C): the block ends as D; copy the file again");
        assertRefused("-----BEGIN C-----\ndHdv\n-----BEGIN C-----\ndHdv\n-----END C-----\n",
                ", line 1 (C): the block has no line -----END C-----; the file seems cut short,"
                        + " copy it again");
        assertRefused(TWO + "-----BEGIN C-----\ndHdv",
                ", line 11 (C): the block has no line -----END C-----; the file seems cut short,"
                        + " copy it again");
    }

    @Test
    void damagedBlockThatNobodyAsksForDoesNoHarm() throws IOException {
        try (Pem pem = Pem.read(write("-----BEGIN D-----\n???\n-----END D-----\n" + TWO))) {
            assertThat(pem.blocks("C"::equals).get(0).der()).asString(StandardCharsets.US_ASCII)
                    .isEqualTo("two-more");
            assertThat(pem.labels()).isEqualTo("D, A B, C");
        }
    }

    @Test
    void otherFormatsAreRecognised() {
        String none = ": the file holds no PEM block (-----BEGIN CERTIFICATE----- or the like)";
        assertRefused("", ": the file is empty");
        assertRefused("hello", none);
        assertRefused("0", none);
        assertRefused("-----END C-----\n-----\n----------\n", none);
        assertRefused("\u00ff\u00fe-\0-\0", ": the file is UTF-16 text; save it as ASCII or UTF-8");
        assertRefused("\u00fe\u00ff\0-\0-", ": the file is UTF-16 text; save it as ASCII or UTF-8");
        Path file = folder.resolve("file.pem");
        assertRefused("\u00fe\u00ed\u00fe\u00ed\0\0\0\2",
                ": the file is a Java key store (JKS), not PEM; convert"
                        + " it with: keytool -importkeystore -srckeystore " + file
                        + " -destkeystore new.p12, then:"
                        + " openssl pkcs12 -in new.p12 -out new.pem");
        String pkcs12 = ": the file is PKCS#12, not PEM; convert it with: openssl pkcs12 -in " + file
                + " -out new.pem";
        for (String length : List.of("\u0010", "\u0080", "\u0081\u0090", "\u0082\1\0", "\u0083\1\0\0")) {
            assertRefused("0" + length + "\2\1\3" + "0".repeat(20), pkcs12);
        }
        assertRefused("0\5\2\1\0\2\1", ": the file is DER, not PEM; convert a certificate with: openssl x509"
                + " -inform DER -in " + file + " -out new.pem, or a key with: openssl pkey -inform DER -in "
                + file + " -out new.pem");
    }

    @Test
    void nothingIsLeftAfterClose() throws IOException {
        Pem pem = Pem.read(write(TWO));
        Pem.Block block = pem.blocks("C"::equals).get(0);
        assertThat(block.der()).hasSize(8);
        pem.close();
        assertThatThrownBy(block::der).hasMessageContaining("Illegal base64 character 0");
    }
}
