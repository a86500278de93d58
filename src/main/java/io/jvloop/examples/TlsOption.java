package io.jvloop.examples;

import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.tls.TlsContexts;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;

/** What {@code --tls [CHAIN KEY]} stands for: a factory of protocols becomes one behind TLS. */
final class TlsOption {
    static final String USAGE =
            "CHAIN and KEY are PEM files; without them the certificate is a self-signed one";

    private static final String NAME = "--tls";

    private TlsOption() {
    }

    /**
     * Takes the option from the front of the arguments.
     *
     * @param arguments the option is removed, if it is there
     * @param others how many arguments follow it
     * @return what to do with a server's factory; nothing without the option
     */
    static UnaryOperator<Supplier<Protocol>> take(List<String> arguments, int others) throws IOException {
        if (arguments.isEmpty() || !arguments.get(0).equals(NAME)) {
            return factory -> factory;
        }
        arguments.remove(0);
        SSLContext context;
        if (arguments.size() == others + 2) {
            context = TlsContexts.server(Path.of(arguments.remove(0)), Path.of(arguments.remove(0)));
        } else {
            SelfSigned certificate = SelfSigned.of();
            System.err.println("no certificate given, so here is one that nobody trusts: "
                    + certificate);
            context = certificate.context();
        }
        return factory -> Tls.server(context, factory)::get;
    }
}
