package io.jvloop.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What this JVM was started with, as far as signals are concerned, and with what it should have been. */
final class JvmOptions {
    private static final String REDUCED = "-Xrs";

    private JvmOptions() {
    }

    /** With -Xrs the JVM leaves TERM, INT and HUP to the system, which ends the process. */
    static boolean signalsAreReduced() {
        return Reduced.BY_OPTION;
    }

    static String whatWouldHelp(Signal signal) {
        if (SignalTable.ENDING.contains(signal)) {
            return "SIG" + signal + " cannot be handled since this JVM was started with " + REDUCED
                    + ", which leaves it to the system; start it without";
        }
        String module = Signals.class.getModule().isNamed() ? Signals.class.getModule().getName()
                : "ALL-UNNAMED";
        return "SIG" + signal + " cannot be handled as things are. It can with the line "
                + "'Launcher-Agent-Class: io.jvloop.process.SignalAgent' in the manifest of the JAR that "
                + "'java -jar' starts, or with 'java -javaagent:jvloop.jar', or with 'java --add-exports "
                + "java.base/jdk.internal.misc=" + module + "'"
                + (SignalHelper.CAUGHT.contains(signal)
                        ? "; or, sent to a helper process, after Signals.startHelper(loop)"
                        : "");
    }

    /**
     * Looked up once, at first use. On Linux the system says whether the JVM catches TERM, or was told to
     * ignore it; elsewhere there are only the options, as far as they are public.
     */
    private static final class Reduced {
        private static final Pattern MASK = Pattern.compile("(?m)^Sig(?:Cgt|Ign):\\s*([0-9a-f]+)$");
        private static final long TERM = 1L << 14;

        static final boolean BY_OPTION = isReduced();

        private static boolean isReduced() {
            try {
                Matcher masks = MASK.matcher(Files.readString(Path.of("/proc/self/status")));
                boolean seen = false;
                boolean looked = false;
                while (masks.find()) {
                    looked = true;
                    seen |= (Long.parseUnsignedLong(masks.group(1), 16) & TERM) != 0;
                }
                return looked ? !seen : isInTheOptions();
            } catch (IOException notLinux) {
                return isInTheOptions();
            }
        }

        private static boolean isInTheOptions() {
            return Stream.concat(
                    ProcessHandle.current().info().arguments().stream().flatMap(Arrays::stream),
                    Stream.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS").map(System::getenv)
                            .filter(Objects::nonNull)
                            .flatMap(options -> Stream.of(options.split("\\s+"))))
                    .anyMatch(REDUCED::equals);
        }
    }
}
