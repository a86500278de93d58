package io.jvloop.transport;

import java.net.SocketTimeoutException;
import java.time.Duration;

/** {@link Transport#setIdleTimeout}, for every kind of stream transport. Loop thread. */
final class IdleTimeout {
    private final Lifecycle<?> life;
    private final Transport transport;
    private IdleWatch watch; // null unless somebody wants to know

    IdleTimeout(Lifecycle<?> life, Transport transport) {
        this.life = life;
        this.transport = transport;
    }

    void set(Duration timeout) {
        life.loop().requireLoopThread("setIdleTimeout");
        IdleWatch.requirePositive(timeout);
        cancel();
        if (timeout != null && !life.isClosed()) {
            watch = new IdleWatch(life.loop(), timeout, () -> idleFor(timeout));
        }
    }

    private void idleFor(Duration timeout) {
        boolean goOn;
        try {
            goOn = transport.protocol().idleTimeout();
        } catch (Throwable t) { // the user's code
            life.fatal(t);
            return;
        }
        if (!goOn) {
            life.lose(new SocketTimeoutException("idle for " + timeout + ": " + transport));
        }
    }

    boolean isSet() {
        return watch != null;
    }

    /** Something has happened. */
    void touch() {
        if (watch != null) {
            watch.touch();
        }
    }

    void cancel() {
        if (watch != null) {
            watch.cancel();
            watch = null;
        }
    }
}
