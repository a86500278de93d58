package io.jvloop.process;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The end of the process, which a signal has asked for: waits for those who have something to finish, but
 * not for ever, and no longer once another signal comes.
 */
final class Departure {
    /** How often it looks. Only while the process is ending, so it costs nothing that matters. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final Duration LONGEST = Duration.ofDays(365);

    private final Signal signal;
    private final List<Receiver> leaving;

    Departure(Signal signal, List<Receiver> leaving) {
        this.signal = signal;
        this.leaving = leaving;
    }

    /**
     * Tells them, and waits.
     *
     * @param forced whether another signal has come
     * @return the exit code that was chosen; none if nobody has chosen one, or not all went in order
     */
    OptionalInt await(BooleanSupplier forced) {
        long begin = System.nanoTime();
        leaving.forEach(receiver -> receiver.deliver(signal));
        for (Receiver receiver : awaited()) {
            while (!receiver.isOver()) {
                if (forced.getAsBoolean() || System.nanoTime() - begin > receiver.patienceNanos()) {
                    return OptionalInt.empty();
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
        return leaving.stream().map(Receiver::exitCode).filter(OptionalInt::isPresent).findFirst()
                .filter(code -> allInOrder()).orElse(OptionalInt.empty());
    }

    /** Where somebody ends the process in order, a mere handler has no say in how long that takes. */
    private List<Receiver> awaited() {
        List<Receiver> ending = leaving.stream().filter(Receiver::endsTheProcess).toList();
        return ending.isEmpty() ? leaving : ending;
    }

    /** One that has chosen a code and does not tell it was not in order. */
    private boolean allInOrder() {
        return leaving.stream().filter(Receiver::endsTheProcess).allMatch(one -> one.exitCode().isPresent());
    }

    /** Of a duration of any length; a sum of a few of them is still a number. */
    static long nanos(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }
}
