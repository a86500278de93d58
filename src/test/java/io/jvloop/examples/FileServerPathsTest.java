package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.examples.FileSite.Answer;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file server's paths: there is no way out of its folder. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class FileServerPathsTest {
    private static final String SECRET = "not for you";

    @TempDir
    private Path temporary;
    private Path folder;
    private final List<Path> links = new ArrayList<>();

    /** The folder is {@code site}; beside it lie things that are nobody's business. */
    @BeforeEach
    void writeFiles() throws IOException {
        folder = Files.createDirectories(temporary.resolve("site"));
        Files.createDirectories(folder.resolve("sub"));
        Files.createDirectories(folder.resolve("sub/evil.example"));
        Files.createDirectories(folder.resolve("evil.example"));
        Files.createDirectories(folder.resolve("with space"));
        Files.writeString(folder.resolve("public.txt"), "public");
        Files.writeString(folder.resolve("sub/inner.txt"), "inner");
        Files.createDirectories(temporary.resolve("site-private"));
        Files.createDirectories(temporary.resolve("outside"));
        Files.writeString(temporary.resolve("secret.txt"), SECRET);
        Files.writeString(temporary.resolve("site-private/secret.txt"), SECRET);
        Files.writeString(temporary.resolve("outside/secret.txt"), SECRET);
        Files.writeString(temporary.resolve("outside/index.html"), SECRET);
    }

    /** Or JUnit has a word to say about each that leads out of its folder. */
    @AfterEach
    void removeLinks() throws IOException {
        for (Path link : links) {
            Files.delete(link);
        }
    }

    private static void assertNotThere(Answer answer) {
        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.text()).doesNotContain(SECRET, "secret", "root:").hasSizeLessThan(100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../secret.txt", "/sub/../../secret.txt", "/..", "/../", "/sub/../..",
        "/../site-private/secret.txt", "/../site/public.txt", "/sub/../public.txt", "/./public.txt",
        "/%2e%2e/secret.txt", "/%2E%2e/secret.txt", "/.%2e/secret.txt", "/%2E%2e%2fsecret.txt",
        "/..%2fsecret.txt", "/..%2Fsecret.txt", "/sub%2f..%2f..%2fsecret.txt", "/sub%2finner.txt",
        "/%252e%252e/secret.txt", "/%252e%252e%252fsecret.txt", "/%25%32%65%25%32%65/secret.txt",
        "/%c0%ae%c0%ae/secret.txt", "/..%c0%afsecret.txt", "/%c0%ae%c0%ae%c0%afsecret.txt",
        "/%e0%80%ae%e0%80%ae/secret.txt", "/%f0%80%80%ae%f0%80%80%ae/secret.txt", "/..%c1%9csecret.txt",
        "/%ef%bc%8e%ef%bc%8e/secret.txt", "/%e2%80%a5/secret.txt", "/%u002e%u002e/secret.txt",
        "/..\\secret.txt", "/..%5csecret.txt", "/..%5Csecret.txt", "/sub\\..\\..\\secret.txt",
        "/%5c..%5csecret.txt", "/public.txt%00", "/public.txt%00.html", "/..%00/secret.txt", "/%00",
        "/.../secret.txt", "/..../secret.txt", "/..;/secret.txt", "/%20../secret.txt", "/.. /secret.txt",
        "/~/secret.txt", "/%7eroot/", "/public.txt/", "/public.txt/..", "/public.txt/x", "/sub/inner.txt/",
        "/%", "/%2", "/%zz", "/public%2", "/public.tx%7", "/%ff", "/%ed%a0%80", "/secret.txt", "/etc/passwd",
        "//etc/passwd", "/%2fetc%2fpasswd", "/%2Fetc/passwd", "//../etc/passwd", "/file:/etc/passwd",
        "/proc/self/environ", "http://here/../secret.txt", "http://here/%2e%2e/secret.txt",
        "../secret.txt", "secret.txt", "..", "\\..\\secret.txt", "/public.txt?/../../secret.txt#"})
    void noPathLeadsOut(String target, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get(target);
            if (target.contains("?")) {
                assertThat(answer.text()).isIn("public", "400 Bad Request\n");
            } else {
                assertNotThere(answer);
            }
            assertThat(site.get("/public.txt").text()).isEqualTo("public");
        }
    }

    @Test
    void absolutePathsAreTakenAsRelativeOnes(EventLoop loop) throws IOException {
        String secret = temporary.resolve("secret.txt").toString();
        try (FileSite site = new FileSite(loop, folder)) {
            assertNotThere(site.get(secret));
            assertNotThere(site.get("/" + secret));
            assertNotThere(site.get("/" + secret.replace("/", "%2f")));
            assertNotThere(site.get("/sub/" + secret));
            assertNotThere(site.get(folder.resolve("public.txt").toString()));
        }
    }

    @Test
    void veryLongPathsAreNotThere(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            assertNotThere(site.get("/" + "a".repeat(300)));
            assertNotThere(site.get("/a".repeat(2500)));
            assertNotThere(site.get("/%2e".repeat(1000)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"//public.txt", "/%70ublic.txt", "/%70%75%62%6c%69%63%2e%74%78%74",
        "/public.txt?x=/../secret.txt", "http://elsewhere/public.txt", "/public.txt?"})
    void otherWaysToWriteThePathAreTheSameFile(String target, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            assertThat(site.get(target).text()).isEqualTo("public");
        }
    }

    // --------------------------------------------------------------------------------------------- links

    @ParameterizedTest
    @ValueSource(
            strings = {"/file", "/dir", "/dir/", "/dir/secret.txt", "/neighbour/secret.txt", "/neighbour",
                "/absolute", "/chain", "/up/secret.txt", "/up", "/loop", "/loop/x",
                "/dangling", "/device", "/sub/deep/secret.txt"})
    void linksToOutsideLeadNowhere(String target, EventLoop loop) throws IOException {
        link("file", "../secret.txt");
        link("dir", "../outside");
        link("neighbour", "../site-private");
        link("absolute", temporary.resolve("secret.txt").toString());
        link("chain", "file");
        link("up", "..");
        link("loop", "loop");
        link("dangling", "nothing");
        link("device", "/dev/zero");
        link("sub/deep", "../../outside");
        try (FileSite site = new FileSite(loop, folder)) {
            assertNotThere(site.get(target));
            assertThat(site.get("/").text().lines().filter(line -> line.contains("<td>"))).hasSize(4);
        }
    }

    private void link(String name, String target) throws IOException {
        links.add(Files.createSymbolicLink(folder.resolve(name), Path.of(target)));
    }

    @Test
    void linksWithinTheFolderWork(EventLoop loop) throws IOException {
        link("again", "public.txt");
        link("roundabout", "../site/sub");
        link("sub/top", "..");
        Path door = Files.createSymbolicLink(temporary.resolve("door"), folder);
        try (FileSite site = new FileSite(loop, door)) {
            assertThat(site.get("/again").text()).isEqualTo("public");
            assertThat(site.get("/roundabout/inner.txt").text()).isEqualTo("inner");
            assertThat(site.get("/roundabout").field("Location")).isEqualTo("/roundabout/");
            assertThat(site.get("/roundabout/").text()).contains("inner.txt", "./top/\"");
            assertThat(site.get("/sub/top/sub/top/public.txt").text()).isEqualTo("public");
            assertThat(site.get("/").text()).contains("again", "roundabout/");
        }
    }

    @Test
    void indexThatIsALinkToOutsideIsNotShown(EventLoop loop) throws IOException {
        link("sub/index.html", "../../outside/index.html");
        try (FileSite site = new FileSite(loop, folder)) {
            Answer listing = site.get("/sub/");
            assertThat(listing.status()).isEqualTo(200);
            assertThat(listing.text()).contains("inner.txt").doesNotContain(SECRET, "index.html");
        }
    }

    /** To open one would wait for somebody who writes to it. */
    @Test
    void namedPipeIsNotOpened(EventLoop loop) throws IOException {
        Programs.require("mkfifo");
        Await.result(Programs.run(new byte[0], "mkfifo", folder.resolve("pipe").toString(),
                folder.resolve("sub/index.html").toString()));
        link("link", "pipe");
        try (FileSite site = new FileSite(loop, folder)) {
            assertNotThere(site.get("/pipe"));
            assertNotThere(site.get("/link"));
            assertNotThere(site.get("/sub/index.html"));
            assertThat(site.get("/sub/").text()).contains("inner.txt").doesNotContain("index.html");
            assertThat(site.get("/").text()).doesNotContain("pipe", "link");
        }
    }

    // ----------------------------------------------------------------------------------------- redirects

    @ParameterizedTest
    @CsvSource({"/sub, /sub/", "/sub?a=b&c=/d?e, /sub/?a=b&c=/d?e", "/sub?, /sub/?", "/%73ub, /sub/",
        "/with%20space?x, /with%20space/?x", "http://elsewhere/sub, /sub/", "//sub, /sub/",
        "//evil.example, /evil.example/", "///evil.example, /evil.example/",
        "//sub//evil.example, /sub/evil.example/", "http://here//evil.example, /evil.example/"})
    void folderWithoutASlashIsFoundOnThisServer(String target, String location, EventLoop loop)
            throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get(target);
            assertThat(answer.status()).isEqualTo(301);
            assertThat(answer.field("Location")).isEqualTo(location);
            assertThat(site.get(location).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%2fevil.example", "/\\evil.example", "/%5cevil.example", "/%09/evil.example",
        "/evil.example%0d%0aLocation:%20http:%2f%2fevil", "/%0d%0a/evil.example"})
    void noRedirectLeadsElsewhere(String target, EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            Answer answer = site.get(target);
            assertThat(answer.status()).isIn(400, 404);
            assertThat(answer.field("Location")).isNull();
        }
    }
}
