package io.jvloop.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How often a busy loop looks at its channels. */
class PollPacingTest {
    private static final int PATIENCE = 32;
    private static final long PACE = 20_000;
    private static final int MOST_CALLBACKS = 16;

    private long now = 1_000_000;
    private int readings;
    private final PollPacing pacing = new PollPacing(() -> {
        readings++;
        return now;
    });

    @Test
    void looksInEveryTurnAtFirst() {
        for (int look = 0; look < PATIENCE; look++) {
            assertThat(pacing.pollIsDue(1)).isTrue();
            pacing.pollBegins();
        }
    }

    @Test
    void afterManyEmptyLooksItLooksEveryTwentyMicroseconds() {
        lookInVain();
        assertThat(pacing.pollIsDue(1)).isTrue();
        for (int round = 0; round < 10; round++) {
            long begin = now;
            while (!pacing.pollIsDue(1)) {
                now += 100;
            }
            assertThat(now - begin).isBetween(PACE - 100, 2 * PACE);
            pacing.pollBegins();
        }
    }

    @Test
    void serviceOfAChannelEndsThePacing() {
        lookInVain();
        assertThat(pacing.pollIsDue(1)).isTrue();
        assertThat(pacing.pollIsDue(1)).isFalse();
        pacing.ioSeen();
        looksInEveryTurnAtFirst();
    }

    @Test
    void slowTurnsLookEveryTime() {
        lookInVain();
        becomeQuick();
        int turnsUntilItNotices = 0;
        do {
            now += 1_000_000;
            turnsUntilItNotices++;
        } while (!pacing.pollIsDue(1));
        assertThat(turnsUntilItNotices).isLessThanOrEqualTo(MOST_CALLBACKS);
        for (int turn = 0; turn < 10; turn++) {
            now += 1_000_000;
            assertThat(pacing.pollIsDue(1)).isTrue();
        }
    }

    @Test
    void slowCallbacksAreNoticedInTheFirstTurnThatRunsManyOfThem() {
        lookInVain();
        becomeQuick();
        now += 1_000_000;
        assertThat(pacing.pollIsDue(MOST_CALLBACKS)).isTrue();
        now += 1_000_000;
        assertThat(pacing.pollIsDue(1)).isTrue();
        now += 1_000_000;
        assertThat(pacing.pollIsDue(100_000)).isTrue();
    }

    @Test
    void clockIsReadOncePerManyQuickCallbacks() {
        lookInVain();
        becomeQuick();
        int before = readings;
        for (int turn = 0; turn < 10 * MOST_CALLBACKS; turn++) {
            pacing.pollIsDue(1);
        }
        assertThat(readings - before).isEqualTo(10);
    }

    private void becomeQuick() {
        for (int turn = 0; turn < 10 * MOST_CALLBACKS; turn++) {
            pacing.pollIsDue(1);
        }
    }

    private void lookInVain() {
        for (int look = 0; look < PATIENCE; look++) {
            pacing.pollBegins();
        }
    }
}
