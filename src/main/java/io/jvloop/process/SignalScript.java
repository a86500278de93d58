package io.jvloop.process;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;

/**
 * Sends a child a signal that the JDK cannot send, with the {@code kill} that every {@code sh} has. Blocks,
 * so it is called off the loop.
 *
 * <p>A process that has ended and been reaped leaves its number to whoever comes next. So the script, a child
 * of ours itself, looks first whether the number still has the start time of our child, and the script's own
 * parent; between that look and the signal lie microseconds, in which Linux would have to hand out all its
 * numbers once.
 */
final class SignalScript {
    /** In /proc/PID/stat, counted from the field after the name in brackets. */
    static final int START_TIME_FIELD = 19;

    private static final String SCRIPT = """
            if [ -n "$3" ]; then
                read -r stat < "/proc/$1/stat" || exit 1
                pid=$1 name=$2 since=$3
                set -- ${stat##*) }
                [ "${20}" = "$since" ] && [ "$2" = "$PPID" ] || exit 1
                set -- "$pid" "$name"
            fi
            kill -s "$2" "$1"
            """;

    private SignalScript() {
    }

    /** True if it was sent. */
    static boolean send(long pid, String startTime, Signal signal) throws IOException, InterruptedException {
        Process script =
                new ProcessBuilder("sh", "-c", SCRIPT, "sh", Long.toString(pid), signal.name(), startTime)
                        .redirectInput(Stdio.NULL.input()).redirectOutput(Redirect.DISCARD)
                        .redirectError(Redirect.DISCARD).start();
        return script.waitFor() == 0;
    }
}
