package io.jvloop.tls;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The real openssl at work in a folder; without it, or with an old one, tests are skipped. */
final class OpenSsl {
    /** Its own configuration, since the system's may be missing. */
    private static final String CONFIG = """
            [req]
            distinguished_name = dn
            [dn]
            [authority]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign
            subjectKeyIdentifier = hash
            [end]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            subjectAltName = DNS:localhost
            """;

    private final Path folder;

    OpenSsl(Path folder) throws IOException {
        assumeTrue(Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(bin -> Files.isExecutable(Path.of(bin, "openssl"))), "openssl is not installed");
        this.folder = folder;
        assumeTrue(run("version").matches("(?s)OpenSSL ([3-9]|\\d\\d).*"), "openssl is older than 3");
        Files.writeString(folder.resolve("test.cnf"), CONFIG);
    }

    /** Runs it; the arguments are split at spaces. What it says, its complaints included. */
    String run(String arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null"))).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            if (exit != 0) {
                throw new AssertionError("openssl " + arguments + " ended with " + exit + ": " + output);
            }
            return output;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs what makes a file, and says where that is. */
    Path make(String name, String arguments) throws IOException {
        run(arguments + " -out " + name);
        return folder.resolve(name);
    }

    /** A certificate for localhost that the key has signed itself. */
    Path selfSigned(Path key, String more) throws IOException {
        return make("self-signed.pem", "req -x509 -new -config test.cnf -extensions end -days 2"
                + " -subj /CN=localhost -key " + key + more);
    }

    /** NAME.pem and NAME.key of an authority; with itself as issuer, a root. */
    Path authority(String name, String issuer) throws IOException {
        return certificate(name, issuer, "authority");
    }

    /** NAME.pem and NAME.key for localhost. */
    Path end(String name, String issuer) throws IOException {
        return certificate(name, issuer, "end");
    }

    private Path certificate(String name, String issuer, String extensions) throws IOException {
        make(name + ".key", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        if (name.equals(issuer)) {
            return make(name + ".pem", "req -x509 -new -config test.cnf -days 2 -extensions " + extensions
                    + " -subj /CN=" + name + " -key " + name + ".key");
        }
        make(name + ".csr", "req -new -config test.cnf -subj /CN=" + name + " -key " + name + ".key");
        return make(name + ".pem", "x509 -req -days 2 -CAcreateserial -extfile test.cnf -extensions "
                + extensions + " -in " + name + ".csr -CA " + issuer + ".pem -CAkey " + issuer + ".key");
    }

    Path file(String name) {
        return folder.resolve(name);
    }
}
