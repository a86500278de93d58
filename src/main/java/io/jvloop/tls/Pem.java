package io.jvloop.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The PEM blocks of a file (RFC 7468, with the headers of RFC 1421), whatever text is around them.
 *
 * <p>The file stays a byte array, since a string could not be wiped; {@link #close} wipes it. Blocks are
 * decoded when they are asked for, so that a key is not where a certificate is wanted, and a damaged block
 * that nobody needs does no harm.
 */
final class Pem implements AutoCloseable {
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    private final Path path;
    private final byte[] bytes;
    private final List<Block> blocks = new ArrayList<>();

    private Pem(Path path, byte[] bytes) {
        this.path = path;
        this.bytes = bytes;
    }

    /** Finds the blocks; there is at least one. */
    static Pem read(Path path) throws IOException {
        Pem pem = new Pem(path, bytesOf(path));
        try {
            pem.parse();
            if (pem.blocks.isEmpty()) {
                throw pem.problem(ForeignFormat.explain(pem.bytes, path));
            }
            return pem;
        } catch (IOException e) {
            pem.close();
            throw e;
        }
    }

    private static byte[] bytesOf(Path path) throws IOException {
        try {
            return Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new IOException(path + ": there is no such file", e);
        } catch (FileSystemException e) {
            throw e; // its message begins with the path
        } catch (IOException e) {
            throw new IOException(path + ": the file cannot be read: " + e.getMessage(), e);
        }
    }

    private void parse() throws IOException {
        Block open = null;
        int line = 1;
        int next;
        for (int at = byteOrderMark(); at < bytes.length; at = next) {
            int end = endOfLine(at);
            next = Math.min(end + (isCrLf(end) ? 2 : 1), bytes.length);
            String boundary = boundary(at, end);
            if (boundary.startsWith(BEGIN)) {
                requireClosed(open);
                open = new Block(label(boundary, BEGIN), line, next);
            } else if (open != null && boundary.startsWith(END)) {
                open.end(label(boundary, END), at);
                blocks.add(open);
                open = null;
            }
            line++;
        }
        requireClosed(open);
    }

    /** Three bytes that Windows editors put before UTF-8. */
    private int byteOrderMark() {
        return bytes.length > 2 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb
                && bytes[2] == (byte) 0xbf ? 3 : 0;
    }

    private int endOfLine(int from) {
        int end = from;
        while (end < bytes.length && bytes[end] != '\n' && bytes[end] != '\r') {
            end++;
        }
        return end;
    }

    private boolean isCrLf(int at) {
        return at + 1 < bytes.length && bytes[at] == '\r' && bytes[at + 1] == '\n';
    }

    /** The line, without spaces around it, if it is a boundary; only then it becomes a string. */
    private String boundary(int from, int end) {
        int first = from;
        while (first < end && bytes[first] <= ' ' && bytes[first] >= 0) {
            first++;
        }
        if (first == end || bytes[first] != '-') {
            return "";
        }
        String line = new String(bytes, first, end - first, StandardCharsets.ISO_8859_1).trim();
        return line.endsWith(DASHES) ? line : "";
    }

    private static String label(String boundary, String prefix) {
        int end = boundary.length() - DASHES.length();
        return end < prefix.length() ? "" : boundary.substring(prefix.length(), end).trim();
    }

    private static void requireClosed(Block open) throws IOException {
        if (open != null) {
            throw open.problem("the block has no line " + END + open.label + DASHES
                    + "; the file seems cut short, copy it again");
        }
    }

    /** The blocks whose label passes, in the order of the file. */
    List<Block> blocks(Predicate<String> label) {
        return blocks.stream().filter(block -> label.test(block.label)).toList();
    }

    /** What there is, for a message about what there is not. */
    String labels() {
        return blocks.stream().map(Block::label).distinct().collect(Collectors.joining(", "));
    }

    IOException problem(String text) {
        return new IOException(path + ": " + text);
    }

    /** Forgets all of it. */
    @Override
    public void close() {
        Arrays.fill(bytes, (byte) 0);
    }

    /** What is between one BEGIN line and its END line. */
    final class Block {
        private final String label;
        private final int line;
        private int from;
        private int end;
        private boolean encrypted;

        private Block(String label, int line, int from) {
            this.label = label;
            this.line = line;
            this.from = from;
        }

        private void end(String endLabel, int at) throws IOException {
            end = at;
            if (!endLabel.equals(label)) {
                throw problem("the block ends as " + endLabel + "; copy the file again");
            }
            skipHeaders();
        }

        /** Headers have a colon, which Base64 has not; only the one about encryption matters. */
        private void skipHeaders() {
            int stop = endOfLine(from);
            while (stop < end && hasColon(from, stop)) {
                String header = new String(bytes, from, stop - from, StandardCharsets.ISO_8859_1);
                encrypted |= header.startsWith("Proc-Type:") && header.contains("ENCRYPTED");
                from = stop + 1;
                stop = endOfLine(isCrLf(stop) ? ++from : from);
            }
        }

        private boolean hasColon(int start, int stop) {
            for (int i = start; i < stop; i++) {
                if (bytes[i] == ':') {
                    return true;
                }
            }
            return false;
        }

        String label() {
            return label;
        }

        /** Whether it is encrypted in the way of RFC 1421, by header. */
        boolean isEncrypted() {
            return encrypted;
        }

        /** What the Base64 says; a new array, for the caller to wipe if it is a key. */
        byte[] der() throws IOException {
            byte[] text = withoutSpaces();
            try {
                byte[] der = Base64.getDecoder().decode(text);
                if (der.length == 0) {
                    throw problem("the block is empty; copy the file again");
                }
                return der;
            } catch (IllegalArgumentException e) {
                throw problem("the Base64 is broken, copy the file again: " + e.getMessage(), e);
            } finally {
                Arrays.fill(text, (byte) 0);
            }
        }

        private byte[] withoutSpaces() {
            int count = 0;
            for (int i = from; i < end; i++) {
                count += isSpace(bytes[i]) ? 0 : 1;
            }
            byte[] text = new byte[count];
            int to = 0;
            for (int i = from; i < end; i++) {
                if (!isSpace(bytes[i])) {
                    text[to++] = bytes[i];
                }
            }
            return text;
        }

        private static boolean isSpace(byte b) {
            return b == ' ' || b == '\t' || b == '\r' || b == '\n';
        }

        /** A command that makes another file of this one. */
        String openssl(String command) {
            return "openssl " + command + " -in " + path + " -out new.pem";
        }

        IOException problem(String text) {
            return problem(text, null);
        }

        IOException problem(String text, Throwable cause) {
            return new IOException(path + ", line " + line + " (" + label + "): " + text, cause);
        }
    }
}
