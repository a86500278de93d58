package io.jvloop.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Programs;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Other people's HTTP clients and a server of ours. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RealHttpClientsTest {
    private static final byte[] MEGABYTE = Bytes.noise(1024 * 1024);
    private static final int PIECE = 64 * 1024;
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** Made once: it keeps a selector until it is collected. */
    private static HttpClient jdk;

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeClient() {
        jdk = HttpClient.newHttpClient();
    }

    @AfterAll
    static void forgetClient() {
        jdk = null;
    }

    /** A request, as the handler has seen it. */
    private record Seen(String line, Transport connection) {
    }

    /** The server, on a loop that runs. */
    private static final class Site implements AutoCloseable {
        private final List<Seen> seen = Collections.synchronizedList(new ArrayList<>());
        private final LoopThread thread;
        private final Server server;

        Site(EventLoop loop) {
            this(loop, ANY_PORT, null);
        }

        Site(EventLoop loop, SocketAddress address, SelfSigned identity) {
            Supplier<Protocol> http = HttpServer.protocols(this::answer);
            thread = LoopThread.start(loop);
            server = thread.call(() -> Net.listen(loop, address,
                    identity == null ? http : Tls.server(identity.context(), http)));
        }

        private void answer(HttpRequest request, HttpResponse response) {
            seen.add(new Seen(request.method() + " " + request.target() + " 1." + request.minorVersion(),
                    request.transport()));
            switch (request.path()) {
                case "/hello" -> response.header("X-Greeting", "yes").end("hello\n");
                case "/megabyte" -> response.end(MEGABYTE);
                case "/chunks", "/trailers" -> {
                    for (int i = 0; i < MEGABYTE.length; i += PIECE) {
                        response.write(Arrays.copyOfRange(MEGABYTE, i, i + PIECE));
                    }
                    if (request.path().equals("/trailers")) { // the JDK's client gives up at the sight of one
                        response.trailer("X-Sum", "42");
                    }
                    response.end();
                }
                case "/echo" -> response.await(request.body().bytes(), response::end);
                case "/pieces" -> response.await(request.body().forEachPiece(piece -> {
                    response.write(piece);
                    return response.drain();
                }), trailers -> {
                    trailers.forEach(response::trailer);
                    response.end();
                });
                default -> response.status(404).end();
            }
        }

        int port() {
            return ((InetSocketAddress) thread.call(() -> server.addresses().get(0))).getPort();
        }

        String url(String path) {
            return "http://127.0.0.1:" + port() + path;
        }

        List<String> lines() {
            return seen.stream().map(Seen::line).toList();
        }

        long connections() {
            return seen.stream().map(Seen::connection).distinct().count();
        }

        @Override
        public void close() {
            try {
                thread.run(() -> {
                    server.close();
                    server.abortClients();
                });
                Await.result(server.closed());
            } finally {
                thread.close();
            }
        }
    }

    private String upload() throws IOException {
        return Files.write(folder.resolve("upload"), MEGABYTE).toString();
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private static String run(String... command) {
        return new String(Await.result(Programs.run(new byte[0], command)), StandardCharsets.UTF_8);
    }

    // ---------------------------------------------------------------------------------------------- curl

    /** One of several requests of one curl: its answer goes to the file of that name. */
    private List<String> request(String name, String... options) {
        List<String> words = new ArrayList<>(List.of("--next", "--silent", "--show-error", "--noproxy", "*",
                "--max-time", "25", "--write-out", "%{http_code} %{num_connects}\n", "--output",
                file(name).toString()));
        words.addAll(List.of(options));
        return words;
    }

    /** Status and new connections of each request. */
    private static List<String> curl(List<List<String>> requests) {
        Programs.require("curl");
        List<String> words = new ArrayList<>(List.of("curl"));
        requests.forEach(words::addAll);
        words.remove("--next");
        return run(words.toArray(String[]::new)).lines().toList();
    }

    @Test
    void curlDoesEverythingOnOneConnection(EventLoop loop) throws IOException {
        String upload = "@" + upload();
        try (Site site = new Site(loop)) {
            assertThat(curl(List.of(request("get", site.url("/hello")),
                    request("head", "--head", site.url("/hello")),
                    request("echo", "--header", "Expect: 100-continue", "--data-binary", upload,
                            "--dump-header", file("echo.head").toString(), site.url("/echo")),
                    request("pieces", "--header", "Transfer-Encoding: chunked", "--header", "Expect:",
                            "--data-binary", upload, site.url("/pieces")),
                    request("chunks", site.url("/trailers")),
                    request("none", site.url("/nothing")))))
                    .containsExactly("200 1", "200 0", "200 0", "200 0", "200 0", "404 0");
            assertThat(file("get")).hasContent("hello\n");
            assertThat(file("head")).content().startsWith("HTTP/1.1 200 OK").contains("X-Greeting: yes",
                    "Content-Length: 6").doesNotContain("hello");
            assertThat(file("echo.head")).content().startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ");
            for (String whole : List.of("echo", "pieces", "chunks")) {
                assertThat(file(whole)).hasBinaryContent(MEGABYTE);
            }
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    @Test
    void curlSpeaksTheOldVersion(EventLoop loop) throws IOException {
        String upload = "@" + upload();
        try (Site site = new Site(loop)) {
            assertThat(curl(List.of(request("chunks", "--http1.0", site.url("/chunks")),
                    request("echo", "--http1.0", "--data-binary", upload, site.url("/echo")))))
                    .containsExactly("200 1", "200 1");
            assertThat(file("chunks")).hasBinaryContent(MEGABYTE);
            assertThat(file("echo")).hasBinaryContent(MEGABYTE);
            assertThat(site.lines()).containsExactly("GET /chunks 1.0", "POST /echo 1.0");
        }
    }

    @Test
    void curlComesThroughAUnixSocket(EventLoop loop) throws IOException {
        String socket = file("socket").toString();
        try (Site site = new Site(loop, UnixDomainSocketAddress.of(socket), null)) {
            assertThat(curl(List.of(
                    request("echo", "--unix-socket", socket, "--data-binary", "@" + upload(),
                            "http://here/echo"),
                    request("chunks", "--unix-socket", socket, "http://here/chunks"))))
                    .containsExactly("200 1", "200 0");
            assertThat(file("echo")).hasBinaryContent(MEGABYTE);
            assertThat(file("chunks")).hasBinaryContent(MEGABYTE);
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    @Test
    void curlComesThroughTls(EventLoop loop) throws IOException {
        String upload = "@" + upload();
        try (Site site = new Site(loop, ANY_PORT, SelfSigned.of("localhost"))) {
            String url = "https://127.0.0.1:" + site.port();
            assertThat(curl(List.of(request("echo", "--insecure", "--data-binary", upload, url + "/echo"),
                    request("chunks", "--insecure", url + "/chunks"))))
                    .containsExactly("200 1", "200 0");
            assertThat(file("echo")).hasBinaryContent(MEGABYTE);
            assertThat(file("chunks")).hasBinaryContent(MEGABYTE);
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    // --------------------------------------------------------------------------------------------- others

    private static List<String> wget(String... options) {
        Programs.require("wget");
        List<String> words = new ArrayList<>(List.of("wget", "--no-config", "--no-proxy", "--no-verbose",
                "--tries=1", "--timeout=25"));
        words.addAll(List.of(options));
        return words;
    }

    @Test
    void wgetFetchesFilesOnOneConnection(EventLoop loop) throws IOException {
        try (Site site = new Site(loop)) {
            run(wget("--directory-prefix", folder.toString(), site.url("/hello"), site.url("/chunks"),
                    site.url("/megabyte")).toArray(String[]::new));
            assertThat(file("hello")).hasContent("hello\n");
            assertThat(file("chunks")).hasBinaryContent(MEGABYTE);
            assertThat(file("megabyte")).hasBinaryContent(MEGABYTE);
            assertThat(site.connections()).isEqualTo(1);

            run(wget("--spider", site.url("/hello")).toArray(String[]::new));
            run(wget("--no-http-keep-alive", "--output-document", file("echo").toString(), "--post-file",
                    upload(), site.url("/echo")).toArray(String[]::new));
            assertThat(file("echo")).hasBinaryContent(MEGABYTE);
            assertThat(site.lines()).contains("HEAD /hello 1.1", "POST /echo 1.1");
        }
    }

    @Test
    void pythonDoesEverythingOnOneConnection(EventLoop loop) throws IOException {
        Programs.require("python3");
        String upload = upload();
        try (Site site = new Site(loop)) {
            assertThat(run("python3", "-c", """
                    import http.client, sys
                    data = open(sys.argv[2], "rb").read()
                    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=25)
                    def ask(method, path, **more):
                        connection.request(method, path, **more)
                        answer = connection.getresponse()
                        content = answer.read()
                        shown = "same" if content == data else content.decode()[:50].strip()
                        print(method, path, answer.status, answer.getheader("Content-Length"), shown)
                    ask("GET", "/hello")
                    ask("HEAD", "/hello")
                    ask("POST", "/echo", body=data)
                    ask("POST", "/pieces", body=(data[i:i + 9999] for i in range(0, len(data), 9999)))
                    ask("GET", "/chunks")
                    ask("GET", "/trailers")
                    ask("GET", "/megabyte")
                    """, String.valueOf(site.port()), upload).lines()).containsExactly(
                    "GET /hello 200 6 hello", "HEAD /hello 200 6 ", "POST /echo 200 1048576 same",
                    "POST /pieces 200 None same", "GET /chunks 200 None same", "GET /trailers 200 None same",
                    "GET /megabyte 200 1048576 same");
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    @Test
    void nodeSendsAndGetsTrailersOnOneConnection(EventLoop loop) throws IOException {
        Programs.require("node");
        String upload = upload();
        try (Site site = new Site(loop)) {
            assertThat(run("node", "-e", """
                    const http = require("http"), data = require("fs").readFileSync(process.argv[2]);
                    const agent = new http.Agent({keepAlive: true, maxSockets: 1});
                    const ask = (method, path, headers, send) => new Promise((resolve, reject) => {
                        const request = http.request({host: "127.0.0.1", port: process.argv[1], agent,
                            method, path, headers}, answer => {
                                const parts = [];
                                answer.on("data", part => parts.push(part));
                                answer.on("end", () => {
                                    const content = Buffer.concat(parts);
                                    console.log(method, path, answer.statusCode,
                                        content.equals(data) ? "same" : content.toString().trim(),
                                        JSON.stringify(answer.trailers));
                                    resolve();
                                });
                            });
                        request.on("error", reject);
                        send(request);
                    });
                    (async () => {
                        await ask("GET", "/hello", {}, r => r.end());
                        await ask("HEAD", "/hello", {}, r => r.end());
                        await ask("POST", "/echo", {"Content-Length": data.length}, r => r.end(data));
                        await ask("POST", "/echo", {"Content-Length": data.length,
                            "Expect": "100-continue"}, r => r.on("continue", () => {
                                console.log("continue");
                                r.end(data);
                            }).flushHeaders());
                        await ask("POST", "/pieces", {"Trailer": "X-Note"}, r => {
                            r.write(data.subarray(0, 100));
                            r.write(data.subarray(100));
                            r.addTrailers({"X-Note": "all of it"});
                            r.end();
                        });
                        await ask("GET", "/trailers", {}, r => r.end());
                        agent.destroy();
                    })();
                    """, String.valueOf(site.port()), upload).lines()).containsExactly(
                    "GET /hello 200 hello {}", "HEAD /hello 200  {}", "POST /echo 200 same {}", "continue",
                    "POST /echo 200 same {}", "POST /pieces 200 same {\"x-note\":\"all of it\"}",
                    "GET /trailers 200 same {\"x-sum\":\"42\"}");
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    /** It offers HTTP/2 with each request, by an upgrade that nobody has to take. */
    @Test
    void clientOfTheJdkDoesEverything(EventLoop loop) {
        try (Site site = new Site(loop)) {
            BodyPublisher known = BodyPublishers.ofByteArray(MEGABYTE);
            BodyPublisher unknown = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(MEGABYTE));
            assertThat(ask(site, "GET", "/hello", BodyPublishers.noBody(), false))
                    .isEqualTo("hello\n".getBytes());
            assertThat(ask(site, "HEAD", "/hello", BodyPublishers.noBody(), false)).isEmpty();
            assertThat(ask(site, "GET", "/chunks", BodyPublishers.noBody(), false)).isEqualTo(MEGABYTE);
            assertThat(ask(site, "POST", "/echo", known, false)).isEqualTo(MEGABYTE);
            assertThat(ask(site, "POST", "/echo", known, true)).isEqualTo(MEGABYTE);
            assertThat(ask(site, "POST", "/pieces", unknown, false)).isEqualTo(MEGABYTE);
            assertThat(site.connections()).isEqualTo(1);
        }
    }

    private static byte[] ask(Site site, String method, String path, BodyPublisher body, boolean expects) {
        var request = java.net.http.HttpRequest.newBuilder(URI.create(site.url(path))).method(method, body)
                .expectContinue(expects).build();
        var answer = Await.result(jdk.sendAsync(request, BodyHandlers.ofByteArray()));
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }
}
