package io.jvloop.process;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The JDK's own signal class, where the program has been given access to it: by a flag, or by {@link
 * SignalAgent}. Then a signal is just an event, and the process goes on. Nothing here is deprecated for
 * removal, and nothing prints a warning, unlike {@code sun.misc.Signal}.
 *
 * <p>Found by method handles looked up here: a public look-up would see only what is exported to everybody.
 */
final class InternalSignals {
    private static final String SIGNAL = "jdk.internal.misc.Signal";

    private static volatile InternalSignals found;

    private final Class<?> handlerType;
    private final MethodHandle make;
    private final MethodHandle handle;
    private final MethodHandle raise;

    private InternalSignals() throws ReflectiveOperationException {
        Class<?> type = Class.forName(SIGNAL);
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        handlerType = Class.forName(SIGNAL + "$Handler");
        make = lookup.findConstructor(type, MethodType.methodType(void.class, String.class))
                .asType(MethodType.methodType(Object.class, String.class));
        handle = lookup.findStatic(type, "handle", MethodType.methodType(handlerType, type, handlerType))
                .asType(MethodType.methodType(Object.class, Object.class, Object.class));
        raise = lookup.findStatic(type, "raise", MethodType.methodType(void.class, type))
                .asType(MethodType.methodType(void.class, Object.class));
    }

    /** Looks again as long as there is none: an agent may come later. */
    static Optional<InternalSignals> find() {
        if (found == null) {
            try {
                found = new InternalSignals();
            } catch (ReflectiveOperationException notReachable) {
                return Optional.empty();
            }
        }
        return Optional.of(found);
    }

    /**
     * Catches a signal; {@code arrived} is called on a thread of the JDK's for each.
     *
     * @return what was there before, for {@link #restore}
     * @throws IllegalArgumentException if the JVM keeps this signal for itself
     */
    Object install(Signal signal, Consumer<Signal> arrived) {
        Object handler = Proxy.newProxyInstance(InternalSignals.class.getClassLoader(),
                new Class<?>[] {handlerType}, (proxy, method, arguments) -> invoked(proxy, method, arguments,
                        () -> arrived.accept(signal)));
        return install(signal, handler);
    }

    private static Object invoked(Object proxy, Method method, Object[] arguments, Runnable arrived) {
        switch (method.getName()) {
            case "handle" -> arrived.run();
            case "equals" -> {
                return proxy == arguments[0];
            }
            case "hashCode" -> {
                return System.identityHashCode(proxy);
            }
            default -> {
                return "jvloop's handler"; // toString
            }
        }
        return null;
    }

    /** Puts back what was there. */
    void restore(Signal signal, Object before) {
        install(signal, before);
    }

    private Object install(Signal signal, Object handler) {
        try {
            return handle.invokeExact(make.invokeExact(signal.name()), handler);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t); // neither declares one
        }
    }

    /** Sends the signal to this process. */
    void raise(Signal signal) {
        try {
            raise.invokeExact(make.invokeExact(signal.name()));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
