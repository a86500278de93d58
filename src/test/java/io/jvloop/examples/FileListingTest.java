package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.examples.FileSite.Answer;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The pages that the file server makes of folders. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class FileListingTest {
    private static final Pattern LINK = Pattern.compile("<a href=\"([^\"]*)\">([^<]*)</a>");

    @TempDir
    private Path folder;

    private static List<String> links(String page, int group) {
        return LINK.matcher(page).results().map((MatchResult link) -> link.group(group)).toList();
    }

    @Test
    void indexStandsForItsFolder(EventLoop loop) throws IOException {
        Files.createDirectories(folder.resolve("sub"));
        Files.writeString(folder.resolve("index.html"), "<h1>welcome</h1>");
        Files.writeString(folder.resolve("sub/index.html"), "sub");
        try (FileSite site = new FileSite(loop, folder)) {
            Answer index = site.get("/");
            assertThat(index.text()).isEqualTo("<h1>welcome</h1>");
            assertThat(index.field("Content-Type")).isEqualTo("text/html; charset=utf-8");
            assertThat(index.field("ETag")).isEqualTo(site.get("/index.html").field("ETag"));
            assertThat(site.get("/", "Range: bytes=4-6").text()).isEqualTo("wel");
            assertThat(site.get("http://here").text()).isEqualTo("<h1>welcome</h1>");
            assertThat(site.get("/sub/").text()).isEqualTo("sub");
            assertThat(site.ask("HEAD", "/sub/").field("Content-Length")).isEqualTo("3");
        }
    }

    @Test
    void folderNamedLikeAnIndexIsNone(EventLoop loop) throws IOException {
        Files.createDirectories(folder.resolve("index.html"));
        try (FileSite site = new FileSite(loop, folder)) {
            assertThat(links(site.get("/").text(), 1)).containsExactly("./index.html/");
        }
    }

    @Test
    void foldersComeFirstThenFilesByName(EventLoop loop) throws IOException {
        for (String name : List.of("Zebra", "apple", ".hidden")) {
            Files.createDirectories(folder.resolve("sub").resolve(name));
        }
        for (String name : List.of("b.txt", "B.txt", "a.txt", "C.txt", "10", "9")) {
            Files.writeString(folder.resolve("sub").resolve(name), "x".repeat(1536));
        }
        try (FileSite site = new FileSite(loop, folder)) {
            Answer page = site.get("/sub/");
            assertThat(links(page.text(), 2)).containsExactly("../", ".hidden/", "apple/", "Zebra/", "10",
                    "9", "a.txt", "B.txt", "b.txt", "C.txt");
            assertThat(page.text()).contains("<title>/sub/</title>", "<h1>/sub/</h1>", "9 entries",
                    "<td>1.5 KiB</td>");
            assertThat(page.field("Content-Type")).isEqualTo("text/html; charset=utf-8");
            assertThat(page.field("Content-Security-Policy")).startsWith("default-src 'none'");
            assertThat(page.field("ETag")).isNull();
            assertThat(links(site.get("/").text(), 1)).containsExactly("./sub/");
            assertThat(site.ask("HEAD", "/sub/").field("Content-Length"))
                    .isEqualTo(page.field("Content-Length"));
        }
    }

    @Test
    void emptyFolderHasAPage(EventLoop loop) throws IOException {
        try (FileSite site = new FileSite(loop, folder)) {
            assertThat(site.get("/").text()).contains("<title>/</title>", "0 entries");
            assertThat(links(site.get("/").text(), 1)).isEmpty();
        }
    }

    /** Whatever a file is called: the page shows the name, and its link leads to the file. */
    @Test
    void everyLinkLeadsToItsFile(EventLoop loop) throws IOException {
        List<String> names = new ArrayList<>(List.of("plain", "with space", "a+b", "100%", "%41", "%2e%2e",
                "what?", "a#b", "a&b", "&amp;", "<b>bold</b>".replace('/', '|'), "\"quoted\"", "it's",
                "javascript:alert(1)", "http:", "...", ".hidden", " leading", "trailing ", "a;b", "a,b=c",
                "tab\there", "new\nline", "{curly}", "~tilde", "*star*", "back`tick", "[1]", "^", "-rf"));
        if (Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode('\u00fc')) {
            names.addAll(List.of("\u00fcber", "u\u0308ber", "\u65e5\u672c", "\ud83d\ude00"));
        }
        Path odd = Files.createDirectories(folder.resolve("a <folder> & \"more\"?"));
        for (String name : names) {
            Files.writeString(odd.resolve(name), "content of " + name);
        }
        try (FileSite site = new FileSite(loop, folder)) {
            String link = links(site.get("/").text(), 1).get(0);
            URI base = URI.create("http://here/").resolve(link);
            Answer page = site.get(base.getRawPath());
            assertThat(page.text()).contains("<title>/a &lt;folder&gt; &amp; &quot;more&quot;?/</title>")
                    .doesNotContain("<folder>", "<b>bold");
            List<String> shown = links(page.text(), 2).stream().map(FileListingTest::unescaped).toList();
            assertThat(shown).startsWith("../").hasSize(names.size() + 1).containsAll(names);
            List<String> hrefs = links(page.text(), 1);
            for (int i = 1; i < hrefs.size(); i++) {
                String target = base.resolve(hrefs.get(i)).getRawPath();
                assertThat(site.get(target).text()).isEqualTo("content of " + shown.get(i));
            }
            assertThat(base.resolve(hrefs.get(0))).isEqualTo(URI.create("http://here/"));
        }
    }

    private static String unescaped(String html) {
        return html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    }

    /** A backslash separates folders on some systems, so it is in no path that is served. */
    @Test
    void whatCannotBeHadIsNotShown(EventLoop loop) throws IOException {
        Files.writeString(folder.resolve("good"), "x");
        Files.writeString(folder.resolve("back\\slash"), "x");
        Files.createDirectories(folder.resolve("dir\\slash"));
        Files.createSymbolicLink(folder.resolve("dangling"), Path.of("nothing"));
        Path device = Files.createSymbolicLink(folder.resolve("device"), Path.of("/dev/null"));
        Path outside =
                Files.createSymbolicLink(folder.resolve("outside"), folder.toRealPath().getParent());
        try (FileSite site = new FileSite(loop, folder)) {
            assertThat(site.get("/back%5cslash").status()).isEqualTo(404);
            assertThat(links(site.get("/").text(), 2)).containsExactly("good");
            assertThat(site.get("/").text()).contains("1 entries");
        } finally { // or JUnit has a word to say about links that lead out of its folder
            Files.delete(device);
            Files.delete(outside);
        }
    }
}
