package io.jvloop.transport;

import static io.jvloop.support.Section.CONSTANTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WriteBufferLimitsTest {
    @Test
    @Contract(section = CONSTANTS, value = "The marks of back-pressure are 64 KiB and 16 KiB unless set")
    void defaultIs64And16Kibibytes() {
        assertThat(WriteBufferLimits.DEFAULT).isEqualTo(new WriteBufferLimits(16_384, 65_536));
        assertThat(SocketConfig.DEFAULT.writeBufferLimits()).isEqualTo(WriteBufferLimits.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "3, 0", "4, 1", "65_540, 16_385", "2147483647, 536870911"})
    @Contract(section = CONSTANTS, value = "Given only the high mark, the low one is a quarter of it; given "
            + "only the low one, the high one is four times as much")
    void lowMarkIsAQuarterOfTheHighOne(String high, String low) {
        assertThat(WriteBufferLimits.ofHigh(number(high)))
                .isEqualTo(new WriteBufferLimits(number(low), number(high)));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 4", "16_385, 65_540", "536870911, 2147483644"})
    void highMarkIsFourTimesTheLowOne(String low, String high) {
        assertThat(WriteBufferLimits.ofLow(number(low)))
                .isEqualTo(new WriteBufferLimits(number(low), number(high)));
    }

    private static int number(String text) {
        return Integer.parseInt(text.replace("_", ""));
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "-1, 0", "-1, -1", "0, -1", "65_537, 65_536"})
    @Contract(section = CONSTANTS, value = "Marks are refused unless high >= low >= 0")
    void marksAreRefusedUnlessHighIsAboveLowAndLowIsNotNegative(String low, String high) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WriteBufferLimits(number(low), number(high)))
                .withMessageContaining(String.valueOf(number(low)))
                .withMessageContaining(String.valueOf(number(high)));
    }

    @Test
    void shortFormsRefuseNegativeAndOverflowingMarks() {
        assertThatIllegalArgumentException().isThrownBy(() -> WriteBufferLimits.ofHigh(-4));
        assertThatIllegalArgumentException().isThrownBy(() -> WriteBufferLimits.ofLow(-1));
        assertThatThrownBy(() -> WriteBufferLimits.ofLow(Integer.MAX_VALUE / 2))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void equalMarksAreAllowed() {
        assertThat(new WriteBufferLimits(0, 0).highBytes()).isZero();
        assertThat(new WriteBufferLimits(7, 7).lowBytes()).isEqualTo(7);
    }
}
