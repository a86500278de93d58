package io.jvloop.process;

import java.lang.instrument.Instrumentation;
import java.util.Map;
import java.util.Set;

/**
 * Opens the JDK's signals to jvloop, so that {@link Signals} can handle all of them and the process goes on.
 * An application needs one line in the manifest of the JAR that it is started from:
 *
 * <pre>
 * Launcher-Agent-Class: io.jvloop.process.SignalAgent
 * </pre>
 * or the flag {@code -javaagent:jvloop.jar}. Neither prints a warning.
 */
public final class SignalAgent {
    private SignalAgent() {
    }

    /**
     * Called by the JVM for {@code Launcher-Agent-Class}.
     *
     * @param options none
     * @param instrumentation the JVM's
     */
    public static void agentmain(String options, Instrumentation instrumentation) {
        instrumentation.redefineModule(Object.class.getModule(), Set.of(),
                Map.of("jdk.internal.misc", Set.of(SignalAgent.class.getModule())), Map.of(), Set.of(),
                Map.of());
    }

    /**
     * Called by the JVM for {@code -javaagent}.
     *
     * @param options none
     * @param instrumentation the JVM's
     */
    public static void premain(String options, Instrumentation instrumentation) {
        agentmain(options, instrumentation);
    }
}
