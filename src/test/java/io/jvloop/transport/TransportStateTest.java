package io.jvloop.transport;

import static io.jvloop.transport.TransportState.CLOSED;
import static io.jvloop.transport.TransportState.CLOSING;
import static io.jvloop.transport.TransportState.NEW;
import static io.jvloop.transport.TransportState.OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransportStateTest {
    private static final Map<TransportState, Set<TransportState>> LEGAL = Map.of(NEW, Set.of(OPEN, CLOSED),
            OPEN, Set.of(CLOSING, CLOSED), CLOSING, Set.of(CLOSED), CLOSED, Set.of());

    @Test
    void statesAreLeftOnlyAsDrawn() {
        for (TransportState from : TransportState.values()) {
            for (TransportState to : TransportState.values()) {
                if (LEGAL.get(from).contains(to)) {
                    assertThat(from.to(to)).isSameAs(to);
                } else {
                    assertThatIllegalStateException().isThrownBy(() -> from.to(to))
                            .withMessageContaining(from.name()).withMessageContaining(to.name());
                }
            }
        }
    }
}
