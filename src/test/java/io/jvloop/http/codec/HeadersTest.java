package io.jvloop.http.codec;

import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fields in order, found in any case, and nothing in them that would be more than one field. */
class HeadersTest {
    private final Headers headers = new Headers();

    private List<String> fields() {
        List<String> fields = new ArrayList<>();
        headers.forEach((name, value) -> fields.add(name + "=" + value));
        return fields;
    }

    @Test
    @Contract(section = HTTP, value = "Header fields keep their order, and are found in any case")
    void fieldsKeepTheirOrderAndAreFoundInAnyCase() {
        headers.add("B", "1").add("a", "2").add("b", "3").add("C", "");
        assertThat(fields()).containsExactly("B=1", "a=2", "b=3", "C=");
        assertThat(headers.size()).isEqualTo(4);
        assertThat(headers.get("b")).as("the first").isEqualTo("1");
        assertThat(headers.getAll("B")).containsExactly("1", "3");
        assertThat(headers.contains("c")).isTrue();
        assertThat(headers.get("c")).isEmpty();
        assertThat(headers.name(2) + headers.value(2)).isEqualTo("b3");
    }

    @Test
    void whatIsNotThereIsNull() {
        assertThat(headers.get("a")).isNull();
        assertThat(headers.getAll("a")).isEmpty();
        assertThat(headers.contains("a")).isFalse();
        assertThat(headers.remove("a")).isFalse();
        assertThat(headers.containsToken("a", "b")).isFalse();
        assertThatThrownBy(() -> headers.name(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> headers.add("a", "b").value(1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void setTakesThePlaceOfTheFirst() {
        headers.add("A", "1").add("B", "2").add("a", "3").add("C", "4").add("A", "5");
        headers.set("a", "6");
        assertThat(fields()).containsExactly("A=6", "B=2", "C=4");
        headers.set("D", "7");
        assertThat(fields()).containsExactly("A=6", "B=2", "C=4", "D=7");
    }

    @Test
    void removeTakesAllOfAName() {
        headers.add("A", "1").add("B", "2").add("a", "3").add("C", "4");
        assertThat(headers.remove("A")).isTrue();
        assertThat(fields()).containsExactly("B=2", "C=4");
        assertThat(headers.remove("A")).isFalse();
        headers.clear();
        assertThat(fields()).isEmpty();
        assertThat(headers.add("E", "5").get("e")).isEqualTo("5");
    }

    @Test
    void thereIsRoomForMany() {
        for (int i = 0; i < 1_000; i++) {
            headers.add("X" + i, "v" + i);
        }
        assertThat(headers.size()).isEqualTo(1_000);
        assertThat(headers.get("x999")).isEqualTo("v999");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"close|true", "CLOSE|true", "a, close|true", "close,a|true",
        "' ,\tclose ,'|true", "close;q=1|true", "close ; q=1|true", "closed|false", "a close|false",
        "''|false", "','|false", "a;close|false", "unclose|false"})
    void anElementOfAListIsFound(String value, boolean found) {
        headers.add("X", "y").add("Connection", "other").add("connection", value);
        assertThat(headers.containsToken("CONNECTION", "close")).isEqualTo(found);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nSet-Cookie: x", "a\nb", "a\rb", "\r\n", "a\u0000", "\u007f", "\u000b",
        "a\r\n b", "\u0100", "\u010a", "\u010d", "\u2028", "\ud83d\ude00", "\u560a\u560d"})
    @Contract(section = HTTP,
            value = "A header field with a line break, a control character or one beyond Latin 1 is refused")
    void lineBreaksCannotBeSmuggledIn(String text) {
        assertThatThrownBy(() -> headers.add("X", text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the value of 'X'").hasMessageContaining("line break");
        assertThatThrownBy(() -> headers.set("X", text)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> headers.add("X" + text, "a")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a name");
        headers.add("X", "old");
        assertThatThrownBy(() -> headers.set("X", text)).isInstanceOf(IllegalArgumentException.class);
        assertThat(fields()).as("nothing has changed").containsExactly("X=old");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a:", ":", "a ", " a", "(", "a,b", "\u00e9", "a\tb", "\u0141",
        "\u212a", "{", "\"", "@", "a=b", "a/b"})
    void aNameIsAToken(String name) {
        assertThatThrownBy(() -> headers.add(name, "a")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a name of a header: '" + name + "'");
        assertThatThrownBy(() -> headers.set(name, "a")).isInstanceOf(IllegalArgumentException.class);
        assertThat(headers.size()).isZero();
    }

    @Test
    void whiteSpaceAroundAValueIsRemoved() {
        headers.add("A", " \t a\tb \t").add("B", " ").set("C", " c ");
        assertThat(fields()).containsExactly("A=a\tb", "B=", "C=c");
        assertThat(headers.add("D", "\u0080\u00ff").get("d")).isEqualTo("\u0080\u00ff");
    }

    @Test
    void nullIsNoNameAndNoValue() {
        assertThatThrownBy(() -> headers.add(null, "a")).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> headers.add("A", null)).isInstanceOf(NullPointerException.class)
                .hasMessage("A");
        assertThatThrownBy(() -> headers.get(null)).isInstanceOf(NullPointerException.class)
                .hasMessage("name");
        assertThatThrownBy(() -> headers.remove(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aCopyHasFieldsOfItsOwn() {
        headers.add("A", "1");
        Headers copy = headers.copy().add("B", "2").set("A", "3");
        assertThat(fields()).containsExactly("A=1");
        assertThat(copy).hasToString("A: 3\nB: 2\n");
        assertThat(Headers.NONE.copy().add("A", "1")).isEqualTo(headers);
    }

    @Test
    void whatWasReceivedIsReadOnly() throws HttpParseException {
        RequestParser parser = new RequestParser(HttpLimits.DEFAULT);
        parser.next(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes()));
        Headers received = parser.headers();
        List<ThrowingCallable> changes = List.of(() -> received.add("A", "1"), () -> received.set("A", "1"),
                () -> received.remove("Host"), received::clear);
        for (ThrowingCallable change : changes) {
            assertThatThrownBy(change).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("change a copy()");
        }
        assertThat(received).hasToString("Host: h\n").isEqualTo(received.copy());
        assertThat(received.copy().add("A", "1").size()).isEqualTo(2);
    }

    @Test
    void equalFieldsInTheSameOrderAreEqual() {
        headers.add("A", "1").add("B", "2");
        Headers same = new Headers(100).add("A", "1").add("B", "2").add("C", "3");
        assertThat(headers).isNotEqualTo(same).isNotEqualTo("A");
        same.remove("C");
        assertThat(headers).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(headers).isNotEqualTo(new Headers().add("B", "2").add("A", "1"));
        assertThat(headers).hasToString("A: 1\nB: 2\n");
        assertThat(new Headers()).hasToString("");
    }
}
