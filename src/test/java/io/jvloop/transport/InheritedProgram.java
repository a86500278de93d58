package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;

/** What {@link InheritedTest} starts with a socket as standard input: it sends back what one client sends. */
final class InheritedProgram {
    private InheritedProgram() {
    }

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            Server[] server = new Server[1];
            server[0] = Net.inherited(loop, () -> new Protocol() {
                private Transport transport;

                @Override
                public void connectionMade(Transport made) {
                    transport = made;
                }

                @Override
                public void dataReceived(ByteBuffer data) {
                    transport.write(data);
                }

                @Override
                public void connectionLost(Throwable cause) {
                    server[0].close();
                }
            }, ListenConfig.DEFAULT);
            loop.runUntilComplete(server[0].closed());
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
        }
        System.out.println("printed afterwards");
        System.err.println("reported afterwards");
    }
}
