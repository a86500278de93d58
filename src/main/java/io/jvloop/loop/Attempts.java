package io.jvloop.loop;

/**
 * Steps that must all be taken, whatever one of them throws; the first failure is kept for the end, and the
 * others go along with it as suppressed.
 */
final class Attempts {
    private Throwable first;

    void add(Runnable step) {
        try {
            step.run();
        } catch (Throwable t) { // thrown by throwFirst
            if (first == null) {
                first = t;
            } else if (first != t) { // a VM may throw one and the same OutOfMemoryError again
                first.addSuppressed(t);
            }
        }
    }

    boolean haveFailed() {
        return first != null;
    }

    void throwFirst() {
        if (first instanceof Error error) {
            throw error;
        }
        if (first instanceof RuntimeException exception) {
            throw exception;
        }
        if (first != null) { // a checked one, out of code that does not declare it
            throw new IllegalStateException(first);
        }
    }
}
