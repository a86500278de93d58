package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number of a channel's descriptor, which {@code java.nio} keeps to itself, by the way Linux shows it:
 * register the channel with a selector of our own, and look which number has come to its epoll set.
 * (Rejected: the number that is new in /proc/self/fd after opening a channel, since other threads open files
 * too; and reflection, which the JDK forbids.)
 *
 * <p>The selector is kept for good, two descriptors: to find out which of the process' epoll sets is its own
 * all descriptors have to be looked at, of which there may be many thousands. After that a look-up takes some
 * hundred microseconds however many there are.
 *
 * <p><b>Thread.</b> Any; look-ups wait for one another.
 */
public final class DescriptorNumber {
    private static final Path NUMBERS = Path.of("/proc/self/fd");
    private static final Path DETAILS = Path.of("/proc/self/fdinfo");
    private static final Pattern WATCHED = Pattern.compile("(?m)^tfd:\\s*(\\d+)");

    /** Another thread that opens a selector at the same moment confuses the search; then it is repeated. */
    private static final int ATTEMPTS = 5;

    private static DescriptorNumber prober; // made at the first look-up

    private final Selector selector;
    private final Path epoll;

    private DescriptorNumber(Selector selector, Path epoll) {
        this.selector = selector;
        this.epoll = epoll;
    }

    /**
     * Looks it up.
     *
     * @param channel open and non-blocking; may be registered with another selector
     * @return its number, as long as it is open; {@code /proc/self/fd/} and this number is a path to what it
     *         has open
     * @throws IOException if it cannot be found: another system than Linux, or no /proc
     */
    public static synchronized int of(SelectableChannel channel) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (prober == null) {
                prober = open(channel);
            }
            Optional<Integer> number = prober == null ? Optional.empty() : prober.numberOf(channel);
            if (number.isPresent()) {
                return number.get();
            }
            forget(); // another selector than ours, by a coincidence: it must not stay
        }
        throw new IOException("cannot find the descriptor of " + channel);
    }

    private static void forget() throws IOException {
        if (prober != null) {
            prober.selector.close();
            prober = null;
        }
    }

    /** Null if it cannot be told which epoll set belongs to the new selector. */
    private static DescriptorNumber open(SelectableChannel channel) throws IOException {
        Set<Path> before = epolls();
        Selector selector = Selector.open();
        try {
            Set<Path> opened = epolls();
            opened.removeAll(before);
            for (Path candidate : opened) {
                DescriptorNumber found = new DescriptorNumber(selector, candidate);
                Optional<Integer> number = found.numberOf(channel);
                if (number.isPresent() && number.equals(found.numberOf(channel))) {
                    return found;
                }
            }
        } catch (IOException | RuntimeException e) {
            selector.close();
            throw e;
        }
        selector.close();
        return null;
    }

    /** The number that comes when the channel is registered and goes when it no longer waits. */
    private Optional<Integer> numberOf(SelectableChannel channel) throws IOException {
        Set<Integer> before = watched();
        SelectionKey key = channel.register(selector, channel.validOps());
        Set<Integer> gained;
        try {
            selector.selectNow();
            gained = watched();
        } finally {
            key.cancel();
            selector.selectNow();
        }
        gained.removeAll(before);
        gained.removeAll(watched());
        return gained.size() == 1 ? Optional.of(gained.iterator().next()) : Optional.empty();
    }

    private static Set<Path> epolls() throws IOException {
        Set<Path> found = new HashSet<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(NUMBERS)) {
            for (Path link : links) {
                if (target(link).equals("anon_inode:[eventpoll]")) {
                    found.add(DETAILS.resolve(link.getFileName()));
                }
            }
        }
        return found;
    }

    private static String target(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        }
    }

    private Set<Integer> watched() throws IOException {
        Set<Integer> numbers = new HashSet<>();
        try {
            Matcher matcher = WATCHED.matcher(Files.readString(epoll));
            while (matcher.find()) {
                numbers.add(Integer.valueOf(matcher.group(1)));
            }
        } catch (NoSuchFileException closedMeanwhile) {
            // another thread's, so not the one that is looked for
        }
        return numbers;
    }
}
