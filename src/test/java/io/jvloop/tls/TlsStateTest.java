package io.jvloop.tls;

import static io.jvloop.tls.TlsState.CLOSED;
import static io.jvloop.tls.TlsState.ENDING;
import static io.jvloop.tls.TlsState.FLUSHING;
import static io.jvloop.tls.TlsState.HANDSHAKE;
import static io.jvloop.tls.TlsState.SHUTDOWN;
import static io.jvloop.tls.TlsState.UNWRAPPED;
import static io.jvloop.tls.TlsState.WRAPPED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TlsStateTest {
    private static final Map<TlsState, Set<TlsState>> LEGAL = Map.of(
            UNWRAPPED, Set.of(HANDSHAKE, ENDING, CLOSED),
            HANDSHAKE, Set.of(WRAPPED, ENDING, CLOSED),
            WRAPPED, Set.of(FLUSHING, ENDING, CLOSED),
            FLUSHING, Set.of(SHUTDOWN, ENDING, CLOSED),
            SHUTDOWN, Set.of(ENDING, CLOSED),
            ENDING, Set.of(CLOSED),
            CLOSED, Set.of());

    @ParameterizedTest
    @EnumSource
    void onlyTheMovesOfThePictureAreLegal(TlsState from) {
        for (TlsState to : TlsState.values()) {
            if (LEGAL.get(from).contains(to)) {
                assertThat(from.to(to)).isSameAs(to);
            } else {
                assertThatIllegalStateException().as(from + " to " + to).isThrownBy(() -> from.to(to))
                        .withMessage("illegal move from " + from + " to " + to);
            }
        }
    }

    @Test
    void whatIsClosingAndWhatIsOver() {
        assertThat(Arrays.stream(TlsState.values()).filter(TlsState::isClosing))
                .containsExactly(FLUSHING, SHUTDOWN, ENDING, CLOSED);
        assertThat(Arrays.stream(TlsState.values()).filter(TlsState::isOver))
                .containsExactly(ENDING, CLOSED);
    }
}
