package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * A program for {@link TooManyClientsTest}: an echo server that greets with one byte. It prints its port and
 * each report of the exception handler; with an argument the default handler logs them. At the end of its
 * input it closes everything and prints what is left.
 */
final class CrowdedServer {
    private CrowdedServer() {
    }

    /** Greets, then echoes. */
    private static final class GreetingEcho implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            transport.write(new byte[] {'!'});
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    public static void main(String[] args) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            if (args.length == 0) {
                loop.setExceptionHandler((where, context) -> System.out
                        .println("report: " + context.message() + " (" + context.exception() + ")"));
            }
            Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    GreetingEcho::new);
            System.out.println("port: " + ((InetSocketAddress) server.addresses().get(0)).getPort());
            Thread input = new Thread(() -> {
                awaitEndOfInput();
                loop.callSoonThreadsafe(() -> {
                    server.close();
                    server.abortClients();
                });
            });
            input.setDaemon(true);
            input.start();
            loop.runUntilComplete(server.closed());
            System.out.println("left: " + loop.stats().channels() + " channels, " + loop.stats().timers()
                    + " timers, " + loop.stats().buffers() + " buffers");
        }
    }

    private static void awaitEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                Thread.onSpinWait(); // nobody sends much
            }
        } catch (IOException e) {
            System.out.println("report: " + e);
        }
    }
}
