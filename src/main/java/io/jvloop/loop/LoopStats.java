package io.jvloop.loop;

/**
 * A snapshot of a loop's counters. Plain fields that are always on; useful as gauges and as leak detectors:
 * when everything is closed the first four are zero.
 *
 * @param channels channels registered and open, and attachments
 * @param timers timers armed
 * @param callbacks callbacks queued
 * @param buffers pooled buffers lent out
 * @param turns turns of the loop so far
 * @param failures contexts given to the exception handler so far
 * @param selectorRebuilds how often the selector was replaced because it returned for nothing
 */
public record LoopStats(int channels, int timers, int callbacks, int buffers, long turns, long failures,
        long selectorRebuilds) {
}
