package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.examples.FileSite.Answer;
import io.jvloop.http.codec.HttpDate;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file server: what of a file a request gets, and when it gets nothing. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class FileServerTest {
    private static final Instant MODIFIED = Instant.parse("2024-05-05T10:00:00.500Z");
    private static final String SAME = "Sun, 05 May 2024 10:00:00 GMT";
    private static final String EARLIER = "Sun, 05 May 2024 09:59:59 GMT";
    private static final String LATER = "Sun, 05 May 2024 10:00:01 GMT";

    @TempDir
    private Path folder;

    @BeforeEach
    void writeDigits() throws IOException {
        Path digits = Files.writeString(folder.resolve("digits.txt"), "0123456789");
        Files.setLastModifiedTime(digits, FileTime.from(MODIFIED));
        Files.createFile(folder.resolve("empty"));
    }

    // ---------------------------------------------------------------------------------------- the whole

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 70_000, 3 * 1024 * 1024})
    void filesComeByteForByte(int size, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(size);
        Files.write(folder.resolve("noise.bin"), content);
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/noise.bin");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.content()).isEqualTo(content);
            assertThat(answer.field("Accept-Ranges")).isEqualTo("bytes");
            assertThat(answer.field("Content-Range")).isNull();
        }
    }

    @Test
    void headSaysWhatGetWouldWithoutTheContent(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer head = site.ask("HEAD", "/digits.txt");
            Answer get = site.get("/digits.txt");
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("Content-Length")).isEqualTo("10");
            head.fields().remove("Date");
            get.fields().remove("Date");
            assertThat(head.fields()).isEqualTo(get.fields());
            assertThat(site.ask("HEAD", "/nothing").status()).isEqualTo(404);
        }
    }

    @Test
    void oneConnectionServesFileAfterFile(EventLoop loop) throws IOException {
        byte[] large = Bytes.noise(600_000);
        Files.write(folder.resolve("large.bin"), large);
        try (FileSite site = new FileSite(loop, folder); Peer peer = site.connect()) {
            peer.send(FileSite.request("GET", "/large.bin") + FileSite.request("HEAD", "/large.bin")
                    + FileSite.request("GET", "/empty") + FileSite.request("GET", "/nothing")
                    + FileSite.request("GET", "/digits.txt", "Range: bytes=3-5", "Connection: close"));
            String all = peer.readAllText();
            assertThat(all.split("HTTP/1.1 200 OK\r\n", -1)).hasSize(4);
            assertThat(all.split("HTTP/1.1 404 Not Found\r\n", -1)).hasSize(2);
            assertThat(all).contains("HTTP/1.1 206 Partial Content\r\n").endsWith("\r\n\r\n345");
            Answer first = Answer.parse(all.substring(0, all.indexOf("HTTP/1.1 ", 9)).getBytes("ISO-8859-1"));
            assertThat(first.content()).isEqualTo(large);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a.html | text/html; charset=utf-8
            a.HTML | text/html; charset=utf-8
            a.css | text/css; charset=utf-8
            a.min.js | text/javascript; charset=utf-8
            a.json | application/json
            a.png | image/png
            a.svg | image/svg+xml
            a.tar.gz | application/gzip
            a.unheard | application/octet-stream
            html | text/html; charset=utf-8
            a. | application/octet-stream
            """)
    void endOfTheNameTellsTheType(String name, String type, EventLoop loop) throws IOException {
        Files.writeString(folder.resolve(name), "x");
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/" + name);
            assertThat(answer.field("Content-Type")).isEqualTo(type);
            assertThat(answer.field("X-Content-Type-Options")).isEqualTo("nosniff");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "MADE-UP"})
    void otherMethodsAreToldWhichAreAllowed(String method, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.ask(method, "/digits.txt");
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.field("Allow")).isEqualTo("GET, HEAD");
            assertThat(answer.text()).doesNotContain("0123");
        }
        assertThat(folder.resolve("digits.txt")).hasContent("0123456789");
    }

    @Test
    void uploadIsRefusedButTheConnectionGoesOn(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder); Peer peer = site.connect()) {
            peer.send(FileSite.request("POST", "/digits.txt", "Content-Length: 5") + "hello");
            peer.send(FileSite.request("GET", "/digits.txt", "Connection: close"));
            assertThat(peer.readAllText()).startsWith("HTTP/1.1 405 ").endsWith("\r\n\r\n0123456789");
        }
    }

    // -------------------------------------------------------------------------------------------- ranges

    @ParameterizedTest
    @CsvSource({"2-4, 234, 2-4", "0-0, 0, 0-0", "7-, 789, 7-9", "-3, 789, 7-9", "8-99, 89, 8-9",
        "9-9, 9, 9-9", "007-8, 78, 7-8", "4-999999999999999999, 456789, 4-9",
        "0-, 0123456789, 0-9", "0-9, 0123456789, 0-9", "-99, 0123456789, 0-9"})
    void rangeGetsItsPart(String range, String content, String sent, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt", "Range: bytes=" + range);
            assertThat(answer.status()).isEqualTo(206);
            assertThat(answer.text()).isEqualTo(content);
            assertThat(answer.field("Content-Range")).isEqualTo("bytes " + sent + "/10");
            assertThat(answer.field("ETag")).isEqualTo(site.get("/digits.txt").field("ETag"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"10-", "10-20", "-0", "999999999999999999-"})
    void rangeBeyondTheEndCannotBeSatisfied(String range, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt", "Range: bytes=" + range);
            assertThat(answer.status()).isEqualTo(416);
            assertThat(answer.field("Content-Range")).isEqualTo("bytes */10");
            assertThat(answer.text()).doesNotContain("0123");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,3-4", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes=1", "bytes 1-2",
        "lines=1-2", "bytes=+1-2", "bytes=1--2", "bytes=0x1-2", "bytes=\u0661-2", "",
        "bytes=99999999999999999999-"})
    void whatIsNotOneRangeGetsTheWhole(String range, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt", "Range: " + range);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("0123456789");
            assertThat(answer.field("Content-Range")).isNull();
        }
    }

    @Test
    void emptyFileHasNoFirstByteButALastPart(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer none = site.get("/empty", "Range: bytes=0-");
            assertThat(none.status()).isEqualTo(416);
            assertThat(none.field("Content-Range")).isEqualTo("bytes */0");
            assertThat(site.get("/empty", "Range: bytes=-5").status()).isEqualTo(200);
        }
    }

    /** RFC 9110, 14.2: a range is one of GET. */
    @Test
    void headDoesNotKnowRanges(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.ask("HEAD", "/digits.txt", "Range: bytes=2-4");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.field("Content-Length")).isEqualTo("10");
            assertThat(site.ask("HEAD", "/digits.txt", "Range: bytes=10-").status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            TAG | 206
            W/TAG | 200
            "other" | 200
            SAME | 206
            EARLIER | 200
            LATER | 200
            nonsense | 200
            """)
    void rangeOfAnotherVersionGetsTheWhole(String condition, int status, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt", "Range: bytes=2-4",
                    filledIn("If-Range: " + condition, site));
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.text()).isEqualTo(status == 206 ? "234" : "0123456789");
        }
    }

    // ---------------------------------------------------------------------------------------- conditions

    private static String filledIn(String field, FileSite site) {
        return field.replace("TAG", site.get("/digits.txt").field("ETag")).replace("SAME", SAME)
                .replace("EARLIER", EARLIER).replace("LATER", LATER);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            If-None-Match: TAG | 304
            If-None-Match: W/TAG | 304
            If-None-Match: * | 304
            If-None-Match: "a", W/"b" , TAG | 304
            If-None-Match: "a"; If-None-Match: TAG | 304
            If-None-Match: "other" | 200
            If-Modified-Since: SAME | 304
            If-Modified-Since: LATER | 304
            If-Modified-Since: EARLIER | 200
            If-Modified-Since: Sunday, 05-May-24 10:00:00 GMT | 304
            If-Modified-Since: Sun May  5 10:00:00 2024 | 304
            If-Modified-Since: yesterday | 200
            If-Match: TAG | 200
            If-Match: * | 200
            If-Match: "a", TAG | 200
            If-Match: "a"; If-Match: TAG | 200
            If-Match: W/TAG | 412
            If-Match: "other" | 412
            If-Unmodified-Since: SAME | 200
            If-Unmodified-Since: LATER | 200
            If-Unmodified-Since: EARLIER | 412
            If-Unmodified-Since: yesterday | 200
            If-None-Match: "other"; If-Modified-Since: LATER | 200
            If-None-Match: TAG; If-Modified-Since: EARLIER | 304
            If-Match: TAG; If-Unmodified-Since: EARLIER | 200
            If-Match: "other"; If-Unmodified-Since: LATER | 412
            If-Match: "other"; If-None-Match: TAG | 412
            If-Match: TAG; If-None-Match: TAG | 304
            If-Unmodified-Since: EARLIER; If-Modified-Since: LATER | 412
            If-None-Match: TAG; Range: bytes=2-4 | 304
            If-None-Match: TAG; Range: bytes=10- | 304
            If-Match: TAG; Range: bytes=2-4 | 206
            If-Match: "other"; Range: bytes=2-4 | 412
            If-Range: "other"; Range: bytes=10- | 200
            If-Range: "other" | 200
            """)
    void conditionsDecideInTheirOrder(String fields, int status, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt", filledIn(fields, site).split("; "));
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.text()).isEqualTo(switch (status) {
                case 200 -> "0123456789";
                case 206 -> "234";
                default -> "";
            });
            assertThat(answer.field("ETag")).matches("\"[!-~&&[^\"]]+\"");
            assertThat(answer.field("Last-Modified")).isEqualTo(SAME);
            assertThat(site.get("/nothing", filledIn(fields, site).split("; ")).status()).isEqualTo(404);
        }
    }

    @Test
    void newVersionHasANewTag(EventLoop loop) throws IOException {
        Path digits = folder.resolve("digits.txt");
        try (FileSite site = new FileSite(loop, folder)) {
            String tag = site.get("/digits.txt").field("ETag");
            assertThat(site.get("/digits.txt").field("ETag")).isEqualTo(tag);
            Files.writeString(digits, "9876543210");
            Files.setLastModifiedTime(digits, FileTime.from(MODIFIED.plusNanos(1_000_000)));
            Answer changed = site.get("/digits.txt", "If-None-Match: " + tag);
            assertThat(changed.text()).isEqualTo("9876543210");
            assertThat(changed.field("ETag")).isNotEqualTo(tag);
            Files.writeString(digits, "98765432100");
            Files.setLastModifiedTime(digits, FileTime.from(MODIFIED));
            assertThat(site.get("/digits.txt", "If-None-Match: " + tag).status()).isEqualTo(200);
        }
    }

    /** Such dates come out of archives. */
    @ParameterizedTest
    @ValueSource(strings = {"1970-01-01T00:00:00Z", "1901-12-14T00:00:00Z", "2020-02-29T23:59:59Z"})
    void datesFarAwayAreTold(String date, EventLoop loop) throws IOException {
        Instant then = Instant.parse(date);
        Files.setLastModifiedTime(folder.resolve("digits.txt"), FileTime.from(then));
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get("/digits.txt");
            assertThat(answer.field("Last-Modified")).isEqualTo(HttpDate.format(then));
            assertThat(site.get("/digits.txt", "If-Modified-Since: " + HttpDate.format(then)).status())
                    .isEqualTo(304);
        }
    }

    @Test
    void nothingWasModifiedInTheFuture(EventLoop loop) throws IOException {
        Files.setLastModifiedTime(folder.resolve("digits.txt"),
                FileTime.from(Instant.parse("2100-02-28T23:59:59Z")));
        try (FileSite site = new FileSite(loop, folder)) {
            Instant before = Instant.now();
            Answer answer = site.get("/digits.txt");
            assertThat(HttpDate.parse(answer.field("Last-Modified")).orElseThrow())
                    .isBetween(before.minusSeconds(1), Instant.now());
        }
    }
}
