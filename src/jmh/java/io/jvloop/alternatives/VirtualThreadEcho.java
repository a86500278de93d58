package io.jvloop.alternatives;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;

/**
 * {@link ThreadEcho} with virtual threads, which JDK 21 and later have: looked up by name, so that this
 * compiles on 17. It asks whether the JDK's own event loop, hidden below code that seems to block, makes
 * another one unnecessary.
 */
public final class VirtualThreadEcho {
    private VirtualThreadEcho() {
    }

    /** Says where it listens and serves for ever. */
    public static void main(String... arguments) throws IOException, ReflectiveOperationException {
        MethodHandle start = MethodHandles.publicLookup().findStatic(Thread.class, "startVirtualThread",
                MethodType.methodType(Thread.class, Runnable.class));
        Consumer<Runnable> starter = session -> {
            try {
                start.invoke(session);
            } catch (Throwable t) {
                throw new IllegalStateException("cannot start a virtual thread", t);
            }
        };
        ThreadEcho.serve(starter);
    }
}
