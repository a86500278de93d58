package io.jvloop.loop;

/** Names callbacks so that a person can find them: the class, and for a lambda the class that holds it. */
final class CallbackNames {
    private CallbackNames() {
    }

    /** For example {@code com.example.Chat}, or {@code com.example.Chat (lambda)}. */
    static String of(Object callback) {
        String name = callback.getClass().getName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda) + " (lambda)";
    }
}
