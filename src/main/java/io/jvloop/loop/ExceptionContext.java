package io.jvloop.loop;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What went wrong and where: the argument of an {@link ExceptionHandler}.
 *
 * @param message one line for a person, never null
 * @param exception the failure, or null if there is only the message
 * @param details the objects concerned by name, sorted: {@code handle}, {@code transport}, {@code protocol},
 *             {@code server}, {@code channel}; and in debug mode {@code created}, a {@code Throwable} whose
 *             stack tells who scheduled the callback
 */
public record ExceptionContext(String message, Throwable exception, Map<String, Object> details) {
    /**
     * Copies and sorts the details.
     *
     * @param message as for the record
     * @param exception as for the record
     * @param details as for the record
     */
    public ExceptionContext {
        Objects.requireNonNull(message, "message");
        details = Collections.unmodifiableMap(new TreeMap<>(details));
    }

    /**
     * A context without details.
     *
     * @param message one line for a person
     * @param exception the failure, or null
     * @return the context
     */
    public static ExceptionContext of(String message, Throwable exception) {
        return new ExceptionContext(message, exception, Map.of());
    }

    /**
     * The same with one more detail.
     *
     * @param name its name, for example {@code transport}
     * @param value the object; null leaves the context as it is
     * @return a new context
     */
    public ExceptionContext with(String name, Object value) {
        if (value == null) {
            return this;
        }
        Map<String, Object> more = new TreeMap<>(details);
        more.put(name, value);
        return new ExceptionContext(message, exception, more);
    }

    /**
     * The message and the details, a line each; an object whose own {@code toString} fails is named by its
     * class.
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(message);
        details.forEach((name, value) -> text.append("\n  ").append(name).append(": ").append(safe(value)));
        return text.toString();
    }

    private static String safe(Object value) {
        if (value instanceof Throwable thrown) {
            return stack(thrown);
        }
        try {
            return String.valueOf(value);
        } catch (RuntimeException | StackOverflowError | AssertionError e) { // objects that print each other
            return value.getClass().getName() + " (its toString failed: " + e.getClass().getName() + ")";
        }
    }

    private static String stack(Throwable thrown) {
        StringBuilder text =
                new StringBuilder(thrown.getClass().getName()).append(": ").append(thrown.getMessage());
        for (StackTraceElement frame : thrown.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return text.toString();
    }
}
