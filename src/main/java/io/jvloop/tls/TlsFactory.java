package io.jvloop.tls;

import io.jvloop.transport.Protocol;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Makes the protocols that speak TLS, for whichever verb of {@code Net} wants a factory, or for {@link
 * Tls#upgrade}. The transport that such a verb returns is the one below TLS: nothing of the application's
 * must be written there. Made by {@link Tls#server} and {@link Tls#client}. Any thread, if the application's
 * factory allows it.
 */
public final class TlsFactory implements Supplier<Protocol> {
    private final TlsSetup setup;
    private final Supplier<? extends Protocol> application;

    TlsFactory(TlsSetup setup, Supplier<? extends Protocol> application) {
        this.setup = setup;
        this.application = Objects.requireNonNull(application, "factory");
        setup.check();
    }

    /** {@return a protocol for one connection; the application's is made once its handshake is over} */
    @Override
    public Protocol get() {
        return make();
    }

    TlsProtocol make() {
        return new TlsProtocol(setup, application);
    }

    @Override
    public String toString() {
        return "TlsFactory[" + setup + "]";
    }
}
