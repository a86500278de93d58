package io.jvloop.http;

import static io.jvloop.http.HttpScene.last;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** A factory may outlive the loops that it was used on. */
class HttpFactoryTest {
    @Test
    void aFactoryDoesNotKeepLoops() throws Exception {
        Supplier<Protocol> factory = HttpServer.protocols((request, response) -> response.end("x"));
        List<WeakReference<EventLoop>> loops = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            loops.add(serve(factory));
        }
        Await.until("the loops are gone, but for the last perhaps", () -> {
            System.gc();
            return loops.stream().filter(loop -> loop.get() != null).count() <= 1;
        });
    }

    private static WeakReference<EventLoop> serve(Supplier<Protocol> factory) throws Exception {
        EventLoop loop = EventLoop.create();
        Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), factory);
        try (LoopThread thread = LoopThread.start(loop)) {
            InetSocketAddress address = (InetSocketAddress) thread.call(() -> server.addresses().get(0));
            try (Peer peer = Peer.connect(address)) {
                assertThat(peer.send(last("GET /")).readAllText()).endsWith("x");
            }
            thread.call(() -> {
                server.close();
                return null;
            });
        }
        loop.close();
        return new WeakReference<>(loop);
    }
}
