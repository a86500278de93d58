package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A guest of a chat room: the first line is the name, every other goes to everybody else. Needs no locks,
 * since all guests are on one loop. Try it with {@code nc 127.0.0.1 PORT}.
 */
final class Chat implements Protocol {
    static final String USAGE = "chat ADDRESS     a chat room; ADDRESS is tcp:[HOST:]PORT or unix:PATH";

    private static final int LONGEST_LINE_BYTES = 4 * 1024;

    /** More than this in arrears is more than anybody will read. */
    private static final int MOST_QUEUED_BYTES = 1024 * 1024;

    private final Set<Chat> room;
    private final ByteBuffer line = ByteBuffer.allocate(LONGEST_LINE_BYTES);
    private Transport transport;
    private String name;

    Chat(Set<Chat> room) {
        this.room = room;
    }

    @Override
    public void connectionMade(Transport made) {
        transport = made;
        tell("your name?");
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        while (data.hasRemaining() && !transport.isClosing()) {
            byte next = data.get();
            if (next == '\n') {
                String text = StandardCharsets.UTF_8.decode(line.flip()).toString();
                line.clear();
                said(text.replaceAll("\\p{Cc}", "").strip()); // or it could command the others' terminals
            } else if (line.hasRemaining()) {
                line.put(next);
            } else {
                tell("that line is too long; bye");
                transport.close();
            }
        }
    }

    private void said(String text) {
        if (text.isEmpty()) {
            return;
        }
        if (name != null) {
            tellOthers(name + ": " + text);
        } else {
            name = text;
            room.add(this);
            tellOthers(name + " has come");
            tell("welcome, " + name + "; " + room.size() + " in the room");
        }
    }

    @Override
    public void connectionLost(Throwable cause) {
        if (room.remove(this)) {
            tellOthers(name + " has left");
        }
    }

    private void tellOthers(String text) {
        room.stream().filter(guest -> guest != this).forEach(guest -> guest.tell(text));
    }

    private void tell(String text) {
        if (transport.isClosing()) {
            return; // on the way out, but connectionLost has not come yet
        }
        transport.write((text + "\n").getBytes(StandardCharsets.UTF_8));
        if (transport.writeBufferSize() > MOST_QUEUED_BYTES) {
            transport.abort(); // connectionLost comes in a later turn, so the room does not change under us
        }
    }

    static void main(String... arguments) throws IOException {
        Set<Chat> room = new LinkedHashSet<>();
        try (EventLoop loop = EventLoop.create()) {
            var address = Arguments.stream(Arguments.only(arguments, USAGE), USAGE);
            var server = Net.listen(loop, address, () -> new Chat(room));
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
