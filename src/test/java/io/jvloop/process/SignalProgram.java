package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.stream.Streams;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Programs that are sent signals; each prints what happens. */
final class SignalProgram {
    private static final int FLOOD_BYTES = 32 * 1024 * 1024;
    private static final Duration HOUR = Duration.ofHours(1);

    private SignalProgram() {
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "handlers" -> handlers(arguments);
            case "server" -> server(Integer.parseInt(arguments[1]), Duration.parse(arguments[2]));
            case "group" -> group();
            case "runner" -> runner();
            case "failing" -> failingHandler();
            case "closed" -> closedLoop();
            case "helper" -> helper();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void say(String text) {
        System.out.println(text);
        System.out.flush();
    }

    /** Handles what it is told to; HUP ends it by itself where it can, URG removes the handler of USR1. */
    private static void handlers(String[] arguments) {
        try (EventLoop loop = EventLoop.create()) {
            for (int i = 1; i < arguments.length; i++) {
                Signal signal = Signal.valueOf(arguments[i]);
                Signals.handle(loop, signal,
                        () -> say("got " + signal + (loop.inLoop() ? " on the loop" : " elsewhere")));
            }
            Signals.Tier tier = Signals.supported(Signal.TERM);
            if (tier == Signals.Tier.INTERNAL) {
                Signals.handle(loop, Signal.URG, () -> say("removed " + Signals.remove(loop, Signal.USR1)));
                Signals.handle(loop, Signal.HUP, loop::stop);
            } else {
                Signals.handle(loop, Signal.HUP, () -> {
                    say("got HUP on the loop");
                    loop.stop();
                });
            }
            loop.callSoon(() -> say("ready " + tier));
            loop.runForever();
        }
        say("closed");
    }

    /** Answers each line 100 ms late, so that something is in flight; "f" is answered with a flood. */
    private static void server(int exitCode, Duration deadline) throws IOException {
        EventLoop loop = EventLoop.create();
        InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
        var server = Streams.serve(loop, any, (reader, writer) -> reader.forEachLine(line -> {
            if (line[0] == 'f') {
                writer.write(new byte[FLOOD_BYTES]);
            }
            say("asked");
            return Async.sleep(loop, Duration.ofMillis(100)).thenRun(() -> writer.write(line));
        }).whenComplete((end, failure) -> writer.close()));
        Shutdown shutdown = exitCode < 0 ? Shutdown.onSignal(loop, deadline)
                : Shutdown.onSignal(loop, deadline, exitCode);
        shutdown.requested().thenAccept(signal -> say("requested by " + signal));
        loop.callSoon(() -> say("ready " + server.addresses().get(0)));
        loop.runForever();
        loop.close();
    }

    private static void group() throws IOException {
        LoopGroup group = LoopGroup.start(2);
        var server = Streams.serve(group, new InetSocketAddress("127.0.0.1", 0),
                (reader, writer) -> reader.read().whenComplete((all, failure) -> writer.close()));
        Shutdown.onSignal(group, HOUR, 42);
        say("ready " + server.addresses().get(0));
    }

    private static void runner() {
        Runner.run(loop -> {
            CompletableFuture<Void> forever = loop.createFuture();
            forever.whenComplete((nothing, failure) -> {
                say("cancelled " + forever.isCancelled());
                loop.attach(ops -> {}); // something that never ends, for the second signal
            });
            loop.callSoon(() -> say("ready"));
            return forever;
        });
        say("run has returned");
    }

    private static void failingHandler() {
        try (EventLoop loop = EventLoop.create()) {
            loop.setExceptionHandler((where, context) -> say(context.exception().getMessage()));
            Signals.handle(loop, Signal.TERM, () -> {
                throw new IllegalStateException("made by the test");
            });
            Signals.handle(loop, Signal.INT, () -> {
                say("still here");
                loop.stop();
            });
            loop.callSoon(() -> say("ready"));
            loop.runForever();
        }
    }

    private static void closedLoop() throws InterruptedException {
        EventLoop loop = EventLoop.create();
        Signals.handle(loop, Signal.TERM, () -> say("never"));
        loop.close();
        say("ready");
        Thread.currentThread().join();
    }

    private static void helper() {
        try (EventLoop loop = EventLoop.create()) {
            say("before " + Signals.supported(Signal.USR1));
            long pid = loop.runUntilComplete(Signals.startHelper(loop));
            Signals.handle(loop, Signal.USR1, () -> say("got USR1 on the loop"));
            Signals.handle(loop, Signal.WINCH, () -> say("got WINCH on the loop"));
            Signals.handle(loop, Signal.CONT, () -> {
                Signals.stopHelper();
                loop.drain(HOUR).whenComplete((inOrder, failure) -> {
                    say("drained " + inOrder + ", " + Signals.supported(Signal.USR1));
                    loop.stop();
                });
            });
            loop.callSoon(() -> say("ready " + pid + " " + Signals.supported(Signal.USR1)));
            loop.runForever();
        }
    }
}
