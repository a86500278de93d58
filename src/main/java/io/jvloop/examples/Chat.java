package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.stream.LimitOverrunException;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import io.jvloop.transport.Net;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * A guest of a chat room: the first line is the name, every other goes to everybody else. Needs no locks,
 * since all guests are on one loop. Try it with {@code nc 127.0.0.1 PORT}.
 */
final class Chat {
    static final String USAGE = "chat ADDRESS     a chat room; ADDRESS is tcp:[HOST:]PORT or unix:PATH";

    static final int LONGEST_LINE_BYTES = 4 * 1024;

    /** More than this in arrears is more than anybody will read. */
    private static final int MOST_QUEUED_BYTES = 1024 * 1024;

    private final Set<Chat> room;
    private final StreamWriter writer;
    private String name;

    private Chat(Set<Chat> room, StreamWriter writer) {
        this.room = room;
        this.writer = writer;
    }

    /** A client has come; complete when it has gone. */
    static CompletionStage<?> join(Set<Chat> room, StreamReader reader, StreamWriter writer) {
        Chat guest = new Chat(room, writer);
        guest.tell("your name?");
        return reader.forEachLine(line -> {
            guest.said(new String(line, StandardCharsets.UTF_8));
            return null; // go on at once
        }).handle((end, failure) -> guest.leave(failure));
    }

    private void said(String line) {
        String text = line.replaceAll("\\p{Cc}", "").strip(); // or it could command the others' terminals
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

    private Void leave(Throwable failure) {
        if (failure instanceof LimitOverrunException) {
            tell("that line is too long; bye");
        }
        writer.close();
        if (room.remove(this)) {
            tellOthers(name + " has left");
        }
        return null;
    }

    private void tellOthers(String text) {
        room.stream().filter(guest -> guest != this).forEach(guest -> guest.tell(text));
    }

    private void tell(String text) {
        if (writer.isClosing()) {
            return; // on the way out, but its reader has not said so yet
        }
        writer.write(text + "\n");
        if (writer.transport().writeBufferSize() > MOST_QUEUED_BYTES) {
            writer.transport().abort(); // it leaves in a later turn, so the room does not change under us
        }
    }

    static void main(String... arguments) throws IOException {
        Set<Chat> room = new LinkedHashSet<>();
        try (EventLoop loop = EventLoop.create()) {
            var address = Arguments.stream(Arguments.only(arguments, USAGE), USAGE);
            var server = Net.listen(loop, address, Streams.protocols(LONGEST_LINE_BYTES,
                    (reader, writer) -> join(room, reader, writer)));
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
