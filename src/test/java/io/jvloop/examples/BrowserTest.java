package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The file server and a browser. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class BrowserTest {
    /** A picture of one dot. */
    private static final byte[] PNG =
            Base64.getDecoder().decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
                    + "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    private static String chromium;

    @TempDir
    private Path temporary;
    private Path folder;

    @BeforeAll
    static void needsChromium() {
        chromium = Programs.requireAny("chromium", "google-chrome");
    }

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectories(temporary.resolve("site"));
    }

    /** What the browser has made of a page, once everything is loaded and its scripts have run. */
    private String dom(String url) {
        byte[] dom = Await.result(Programs.run(new byte[0], chromium, "--headless", "--no-sandbox",
                "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--no-proxy-server",
                "--user-data-dir=" + temporary.resolve("profile"), "--dump-dom", url));
        return new String(dom, StandardCharsets.UTF_8);
    }

    @Test
    void listingIsAPageWithLinks(EventLoop loop) throws IOException {
        Files.createDirectories(folder.resolve("a b/inner <1>"));
        Files.writeString(folder.resolve("a b/100% \"safe\" & sound.txt"), "x");
        try (FileSite site = new FileSite(loop, folder)) {
            String dom = dom(site.url("/a%20b")); // by a redirect
            assertThat(dom).contains("<title>/a b/</title>", "<h1>/a b/</h1>", "<a href=\"../\">../</a>",
                    "<a href=\"./inner%20%3C1%3E/\">inner &lt;1&gt;/</a>",
                    "<a href=\"./100%25%20%22safe%22%20%26%20sound.txt\">"
                            + "100% \"safe\" &amp; sound.txt</a>",
                    "2 entries");
        }
    }

    @Test
    void pageWithScriptStyleAndPictureIsShown(EventLoop loop) throws IOException {
        Files.writeString(folder.resolve("index.html"), """
                <!DOCTYPE html>
                <title>all together</title>
                <link rel="stylesheet" href="style.css">
                <body>
                <p id="result">not yet</p>
                <script src="script.js"></script>
                <img src="images/dot.png?version=1">
                """);
        Files.writeString(folder.resolve("style.css"), "p { color: rgb(1, 2, 3) }");
        Files.createDirectories(folder.resolve("images"));
        Files.write(folder.resolve("images/dot.png"), PNG);
        Files.writeString(folder.resolve("numbers.json"), "[20, 22]");
        Files.writeString(folder.resolve("script.js"), """
                document.addEventListener("load", ({target: picture}) => {
                    if (picture.naturalWidth) {
                        const part = new XMLHttpRequest();
                        part.open("GET", "numbers.json", false);
                        part.setRequestHeader("Range", "bytes=1-2");
                        part.send();
                        const result = document.getElementById("result");
                        result.textContent = [picture.naturalWidth, getComputedStyle(result).color,
                            part.status, part.responseText].join(" | ");
                    }
                }, true);
                """);
        try (FileSite site = new FileSite(loop, folder)) {
            assertThat(dom(site.url("/"))).contains("<title>all together</title>",
                    "<p id=\"result\">1 | rgb(1, 2, 3) | 206 | 20</p>");
        }
    }
}
