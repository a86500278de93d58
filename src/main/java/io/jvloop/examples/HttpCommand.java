package io.jvloop.examples;

import io.jvloop.http.HttpServer;
import io.jvloop.loop.EventLoop;
import io.jvloop.process.Shutdown;
import io.jvloop.transport.Net;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Serves the files of a folder; ends in order when the process is told to. */
final class HttpCommand {
    static final String USAGE = "http [--tls [CHAIN KEY]] [DIR] ADDRESS    "
            + "serve the files of a folder; tcp:[HOST:]PORT or unix:PATH";

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private HttpCommand() {
    }

    static void main(String... arguments) throws IOException {
        List<String> rest = new ArrayList<>(List.of(arguments));
        boolean tls = !rest.isEmpty() && rest.get(0).equals("--tls");
        var wrap = TlsOption.take(rest, rest.size() == 4 ? 1 : 2); // --tls CHAIN KEY ADDRESS has no DIR
        Path folder = Path.of(rest.size() == 2 ? rest.remove(0) : ".");
        String text = Arguments.only(rest.toArray(String[]::new), USAGE);
        SocketAddress address = Arguments.stream(text, USAGE);
        try (EventLoop loop = EventLoop.create()) {
            FileHandler files = new FileHandler(folder);
            var server = Net.listen(loop, address, wrap.apply(HttpServer.protocols(files)));
            Shutdown.onSignal(loop, PATIENCE);
            System.out.println("listening on " + server.addresses() + ", serving " + files.root() + " at "
                    + url(tls ? "https" : "http", server.addresses().get(0)));
            loop.runForever();
        }
    }

    /** To be opened in a browser. */
    private static String url(String scheme, SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return address.toString();
        }
        String host =
                inet.getAddress().isAnyLocalAddress() ? "localhost" : inet.getAddress().getHostAddress();
        return scheme + "://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort()
                + "/";
    }
}
