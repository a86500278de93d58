package io.jvloop.http.codec;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Dates in header fields, RFC 9110, 5.6.7: written in one form, read in three. Any thread.
 */
public final class HttpDate {
    private static final DateTimeFormatter PREFERRED =
            exact("EEE, dd MMM uuuu HH:mm:ss 'GMT'");

    /** RFC 9110: a year of two digits is never more than 50 years in the future. */
    private static final int PIVOT_YEARS = 50;
    private static final int CENTURY = 100;

    private static final DateTimeFormatter ASCTIME =
            exact("EEE MMM ppd HH:mm:ss uuuu");

    private HttpDate() {
    }

    /** Otherwise 30 February would be the 28th. */
    private static DateTimeFormatter exact(String pattern) {
        return DateTimeFormatter.ofPattern(pattern, Locale.US).withResolverStyle(ResolverStyle.STRICT);
    }

    /**
     * Writes a date.
     *
     * @param time in the years 0 to 9999; parts of a second are left out
     * @return for example {@code Sun, 06 Nov 1994 08:49:37 GMT}
     */
    public static String format(Instant time) {
        return PREFERRED.format(time.atOffset(ZoneOffset.UTC));
    }

    /**
     * Reads a date, in the form of {@link #format} or one of the two that are obsolete.
     *
     * @param text a field's value; null is allowed
     * @return empty if it is not a date, which has to be ignored as if the field were not there
     */
    public static Optional<Instant> parse(String text) {
        if (text == null) {
            return Optional.empty();
        }
        for (DateTimeFormatter form : List.of(PREFERRED, rfc850(), ASCTIME)) {
            try {
                return Optional.of(LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC));
            } catch (DateTimeException notInThisForm) {
                // the next one
            }
        }
        return Optional.empty();
    }

    /** US, since the names of days in ROOT are short ones only. */
    private static DateTimeFormatter rfc850() {
        int base = ZonedDateTime.now(ZoneOffset.UTC).getYear() + PIVOT_YEARS - CENTURY + 1;
        return new DateTimeFormatterBuilder().appendPattern("EEEE, dd-MMM-")
                .appendValueReduced(ChronoField.YEAR, 2, 2, base).appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.US).withResolverStyle(ResolverStyle.STRICT);
    }
}
