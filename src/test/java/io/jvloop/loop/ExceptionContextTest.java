package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The report itself. */
class ExceptionContextTest {
    @Test
    @Contract(section = LOOP,
            value = "A report prints its message and its details in alphabetical order, a line each")
    void printsMessageAndSortedDetails() {
        ExceptionContext context = ExceptionContext.of("Trouble", new IllegalStateException("not printed"))
                .with("transport", "T").with("channel", 7).with("protocol", "P");
        assertThat(context).hasToString("Trouble\n  channel: 7\n  protocol: P\n  transport: T");
    }

    @Test
    void withLeavesTheOriginalAsItIs() {
        ExceptionContext first = ExceptionContext.of("Trouble", null).with("a", 1);
        ExceptionContext second = first.with("b", 2);
        assertThat(first.details()).isEqualTo(Map.of("a", 1));
        assertThat(second.details()).isEqualTo(Map.of("a", 1, "b", 2));
        assertThat(second.message()).isEqualTo("Trouble");
        assertThat(first.with("c", null)).isSameAs(first);
    }

    @Test
    void detailsAreACopyThatNobodyCanChange() {
        Map<String, Object> mine = new HashMap<>(Map.of("a", 1));
        ExceptionContext context = new ExceptionContext("Trouble", null, mine);
        mine.put("b", 2);
        assertThat(context.details()).containsOnlyKeys("a");
        assertThatThrownBy(() -> context.details().put("c", 3))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void needsAMessage() {
        assertThatNullPointerException().isThrownBy(() -> ExceptionContext.of(null, new Error()))
                .withMessage("message");
    }

    @Test
    void printsTheStackOfADetailThatIsAThrowable() {
        String text = ExceptionContext.of("Trouble", null).with("created", new Throwable("here")).toString();
        assertThat(text).contains("\n  created: ")
                .contains("\n    at " + ExceptionContextTest.class.getName());
    }

    @Test
    void namesTheClassOfAnObjectThatCannotPrintItself() {
        Object broken = new Object() {
            @Override
            public String toString() {
                throw new IllegalArgumentException("no");
            }
        };
        assertThat(ExceptionContext.of("Trouble", null).with("protocol", broken).toString())
                .contains(broken.getClass().getName()).contains("IllegalArgumentException");
    }
}
