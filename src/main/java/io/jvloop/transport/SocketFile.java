package io.jvloop.transport;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * The file in which a listening UNIX socket is seen. Closing the socket leaves it behind, and binding refuses
 * while it is there; so it is removed when the server ends, and one whose server did not live to do so is
 * replaced.
 *
 * @param path where
 * @param key device and inode when it was made: what has another key is not ours, and left alone
 */
record SocketFile(Path path, Object key) {
    /** {@code sun_path} of Linux less the final zero; other systems allow less and say so themselves. */
    private static final int LONGEST_PATH_BYTES = 107;

    /** Together no more than 20 ms, and only if the file was made within the last second. */
    private static final int MOST_PROBES = 10;
    private static final long PROBE_PAUSE_NANOS = 2_000_000;
    private static final long YOUNG_MILLIS = 1_000;

    private static final int FILE_TYPE = 0170000;
    private static final int SOCKET = 0140000;

    /**
     * Binds to a path, in the place of what a dead server has left there.
     *
     * @throws IOException if there is a file that is no socket, or a server that lives
     */
    static SocketFile bind(ServerSocketChannel channel, UnixDomainSocketAddress address, int backlog)
            throws IOException {
        Path path = address.getPath();
        if (path.toString().isEmpty()) {
            throw new IllegalArgumentException("a UNIX server needs a path to listen on");
        }
        Path aside = Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? moveStaleAside(path) : null;
        try {
            channel.bind(address, backlog);
            return new SocketFile(path, key(path));
        } catch (IOException e) {
            throw describe("cannot listen", path, path.toAbsolutePath().getParent(), e);
        } finally {
            if (aside != null) {
                Files.deleteIfExists(aside); // not before: the new file could get its inode, and look like it
            }
        }
    }

    /**
     * Moves what a dead server has left out of the way. Not simply deletes it: of two servers that start at
     * the same time the slower one would delete what the quicker one has just bound.
     */
    private static Path moveStaleAside(Path path) throws IOException {
        if (!isSocket(path)) {
            throw new BindException(
                    "Address " + path + " is already in use: there is a file that is no socket");
        }
        Object stale = key(path);
        boolean served = isServed(path);
        for (int i = 0; !served && i < MOST_PROBES && isYoung(path); i++) {
            LockSupport.parkNanos(PROBE_PAUSE_NANOS); // its server may have bound, but not listen yet
            served = isServed(path);
        }
        if (served) {
            throw inUse(path);
        }
        Path aside = path.resolveSibling(path.getFileName() + ".stale-" + UUID.randomUUID());
        try {
            Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException goneMeanwhile) {
            return null;
        }
        if (stale != null && !stale.equals(key(aside))) {
            Files.move(aside, path, StandardCopyOption.ATOMIC_MOVE); // somebody has bound here meanwhile
            throw inUse(path);
        }
        return aside;
    }

    private static boolean isYoung(Path path) throws IOException {
        try {
            return attributes(path).lastModifiedTime().toMillis() > System.currentTimeMillis() - YOUNG_MILLIS;
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    /** Asks, by connecting. */
    private static boolean isServed(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // a server whose queue is full would keep a blocking one waiting
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException refused) {
            return false;
        } catch (SocketException busyOrForbidden) {
            return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
        }
    }

    private static BindException inUse(Path path) {
        return new BindException("Address " + path + " is already in use: a server is listening there");
    }

    /** By mode where there are modes. Elsewhere what is neither file, folder nor link must be one. */
    private static boolean isSocket(Path path) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return (mode & FILE_TYPE) == SOCKET;
        }
        return attributes(path).isOther();
    }

    /**
     * Removes the file, if it still is the one that was made. While its socket is open, or it might not be.
     */
    void removeIfOurs() throws IOException {
        if (key != null && key.equals(key(path))) {
            Files.deleteIfExists(path);
        }
    }

    /** Null if there is none, or on a system without. */
    private static Object key(Path path) throws IOException {
        try {
            return attributes(path).fileKey();
        } catch (NoSuchFileException gone) {
            return null;
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** What connecting to a path has failed with, in words that name it. */
    static IOException cannotConnect(Path path, IOException e) {
        return describe("cannot connect", path, path, e);
    }

    /**
     * The same failure with the path and, where the system's words leave the reader guessing, with what they
     * mean. The JDK has a class of its own for few of them.
     */
    private static IOException describe(String what, Path path, Path needed, IOException e) {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        IOException described;
        if (bytes > LONGEST_PATH_BYTES) {
            described =
                    new SocketException(what + " at " + path + ": the path of a UNIX socket may have at most "
                            + LONGEST_PATH_BYTES + " bytes, this one has " + bytes);
        } else if (needed != null && !Files.exists(needed)) {
            described = new NoSuchFileException(path.toString(), null, what + ", there is no " + needed);
        } else if (e instanceof ConnectException) {
            described = new ConnectException(what + " at " + path + ": " + e.getMessage());
        } else if (e instanceof BindException) {
            described = new BindException(what + " at " + path + ": " + e.getMessage());
        } else {
            described = new SocketException(what + " at " + path + ": " + e.getMessage());
        }
        described.initCause(e);
        return described;
    }
}
