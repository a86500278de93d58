package io.jvloop.http.codec;

import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9110, 5.6.7. */
class HttpDateTest {
    private static final Instant EXAMPLE = Instant.parse("1994-11-06T08:49:37Z");

    @Test
    @Contract(section = HTTP, value = "Dates are written in one form and read in all three of RFC 9110")
    void threeFormsOfOneDateAreTheSame() {
        assertThat(HttpDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")).contains(EXAMPLE);
        assertThat(HttpDate.parse("Sunday, 06-Nov-94 08:49:37 GMT")).contains(EXAMPLE);
        assertThat(HttpDate.parse("Sun Nov  6 08:49:37 1994")).contains(EXAMPLE);
        assertThat(HttpDate.parse("Wed Nov 16 08:49:37 1994"))
                .contains(EXAMPLE.plus(Duration.ofDays(10)));
    }

    @Test
    void datesAreWrittenInThePreferredForm() {
        assertThat(HttpDate.format(EXAMPLE)).isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
        assertThat(HttpDate.format(EXAMPLE.plusNanos(999_999_999))).isEqualTo(HttpDate.format(EXAMPLE));
        assertThat(HttpDate.format(Instant.parse("0000-01-01T00:00:00Z"))).contains(" 0000 ");
        assertThat(HttpDate.format(Instant.parse("9999-12-31T23:59:59Z")))
                .isEqualTo("Fri, 31 Dec 9999 23:59:59 GMT");
    }

    /** Names of months and days are English, whatever the JDK takes for the root of all languages. */
    @Test
    void everyDayOfALeapYearIsReadAsWritten() {
        for (int i = 0; i < 366; i++) {
            Instant day = Instant.parse("2024-01-01T12:34:56Z").plus(Duration.ofDays(i));
            LocalDate date = LocalDate.ofInstant(day, ZoneOffset.UTC);
            String text = HttpDate.format(day);
            assertThat(text).hasSize(29)
                    .startsWith(date.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.US) + ", ")
                    .contains(date.getMonth().toString().substring(1, 3).toLowerCase(Locale.ROOT));
            assertThat(HttpDate.parse(text)).contains(day);
        }
    }

    @Test
    void aYearOfTwoDigitsIsAtMostFiftyYearsAhead() {
        int now = Instant.now().atOffset(ZoneOffset.UTC).getYear();
        assertThat(yearOf(now + 49)).isEqualTo(now + 49);
        assertThat(yearOf(now + 51)).isEqualTo(now - 49);
        assertThat(yearOf(now)).isEqualTo(now);
    }

    /** The day of the week says nothing new, so all are tried. */
    private static int yearOf(int year) {
        for (String day : new String[] {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
            "Sunday"}) {
            String text = String.format(Locale.ROOT, "%s, 15-Jun-%02d 00:00:00 GMT", day, year % 100);
            if (HttpDate.parse(text).isPresent()) {
                return HttpDate.parse(text).get().atOffset(ZoneOffset.UTC).getYear();
            }
        }
        throw new AssertionError("no day of the week fits " + year);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "now", "0", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt", "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Mon, 30 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
        "Monday, 30-Feb-94 08:49:37 GMT", "Mon Feb 30 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 +0000",
        "\u0000", "Sun, 06 Nov 199999999999999999 08:49:37 GMT", "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT"})
    void whatIsNoDateIsEmpty(String text) {
        assertThat(HttpDate.parse(text)).isEmpty();
    }
}
