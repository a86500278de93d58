package io.jvloop.support;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * What the library logs at WARNING and above during a test; nothing of it reaches the console. A test that
 * expects a record takes it; one that nobody took fails the test. Any thread.
 */
public final class ExpectedLogs implements AutoCloseable {
    private static final Logger LOGGER = Logger.getLogger("io.jvloop");

    private final LinkedBlockingQueue<LogRecord> records = new LinkedBlockingQueue<>();
    private final Handler handler = new Recorder();
    private final boolean toParents = LOGGER.getUseParentHandlers();

    /** Records until closed. */
    public ExpectedLogs() {
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(handler);
    }

    /** How many wait to be taken. */
    public int count() {
        return records.size();
    }

    /** Takes the one record there is; none, or more than one, is an error. */
    public LogRecord takeOne() {
        List<LogRecord> all = takeAll();
        if (all.size() != 1) {
            throw new AssertionError("expected one log record, not " + all.size() + ": " + texts(all));
        }
        return all.get(0);
    }

    /** Takes the one record there is, as text. */
    public String takeText() {
        return text(takeOne());
    }

    /** Takes all records, in the order they were logged. */
    public List<LogRecord> takeAll() {
        List<LogRecord> all = new ArrayList<>();
        records.drainTo(all);
        return all;
    }

    /** A record's message with its parameters filled in. */
    public static String text(LogRecord record) {
        return new SimpleFormatter().formatMessage(record);
    }

    /** The messages of records. */
    public static List<String> texts(List<LogRecord> records) {
        return records.stream().map(ExpectedLogs::text).toList();
    }

    @Override
    public void close() {
        LOGGER.removeHandler(handler);
        LOGGER.setUseParentHandlers(toParents);
    }

    private final class Recorder extends Handler {
        @Override
        public void publish(LogRecord record) {
            if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                records.add(record);
            }
        }

        @Override
        public void flush() {
            // nothing is buffered
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
