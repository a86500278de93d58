package io.jvloop.transport;

/**
 * The marks of back-pressure: {@code pauseWriting} when more than {@code highBytes} are queued, {@code
 * resumeWriting} when {@code lowBytes} or less are left.
 *
 * @param lowBytes 16 KiB by default
 * @param highBytes 64 KiB by default; 0 pauses as soon as anything is queued
 */
public record WriteBufferLimits(int lowBytes, int highBytes) {
    private static final int HIGH_BYTES = 64 * 1024;
    private static final int RATIO = 4;

    /** 64 KiB and 16 KiB, asyncio's. (uvloop starts with a low mark of 16 bytes, for want of a factor.) */
    public static final WriteBufferLimits DEFAULT = ofHigh(HIGH_BYTES);

    /**
     * Checks the marks.
     *
     * @param lowBytes as for the record
     * @param highBytes as for the record
     * @throws IllegalArgumentException unless {@code highBytes >= lowBytes >= 0}
     */
    public WriteBufferLimits {
        if (lowBytes < 0 || highBytes < lowBytes) {
            throw new IllegalArgumentException(
                    "high (" + highBytes + ") must be >= low (" + lowBytes + ") must be >= 0");
        }
    }

    /**
     * Marks with the low one at a quarter of the high one.
     *
     * @param highBytes the high mark
     * @return the marks
     */
    public static WriteBufferLimits ofHigh(int highBytes) {
        return new WriteBufferLimits(highBytes / RATIO, highBytes);
    }

    /**
     * Marks with the high one at four times the low one.
     *
     * @param lowBytes the low mark
     * @return the marks
     */
    public static WriteBufferLimits ofLow(int lowBytes) {
        return new WriteBufferLimits(lowBytes, Math.multiplyExact(lowBytes, RATIO));
    }
}
