package io.jvloop.http.codec;

/**
 * How much a parser takes from a peer before it refuses. Everything that has to be kept in memory is limited;
 * a body is not kept, so it need not be.
 *
 * @param requestLineBytes the request line, or status line, without its end; 414. RFC 9112, 3, asks for 8,000
 *            at least, and Apache and nginx take 8 KiB
 * @param headerCount fields of the header section; 431. 100, as Apache
 * @param headerBytes all lines of the header section, or of the trailer section, together; 431. 32 KiB, as
 *            nginx's four buffers of 8 KiB
 * @param chunkExtensionBytes extensions of all chunks of a body together; 413. 16 KiB, as Node: nobody uses
 *            them but attackers (CVE-2023-39326, CVE-2024-22019)
 * @param trailerCount fields of the trailer section; 431. 32: real ones have one or two
 * @param bodyBytes content of a message; 413. Unlimited, since bodies are streamed
 */
public record HttpLimits(int requestLineBytes, int headerCount, int headerBytes, int chunkExtensionBytes,
        int trailerCount, long bodyBytes) {
    /** The limits described above. */
    public static final HttpLimits DEFAULT =
            new HttpLimits(8 * 1024, 100, 32 * 1024, 16 * 1024, 32, Long.MAX_VALUE);

    private static final int SHORTEST_REQUEST_LINE = 16;

    /**
     * Checks the arguments.
     *
     * @param requestLineBytes as for the record
     * @param headerCount as for the record
     * @param headerBytes as for the record
     * @param chunkExtensionBytes as for the record
     * @param trailerCount as for the record
     * @param bodyBytes as for the record
     * @throws IllegalArgumentException if a limit is negative, or so small that no request would be served
     */
    public HttpLimits {
        if (requestLineBytes < SHORTEST_REQUEST_LINE || headerCount < 1 || headerBytes < 1) {
            throw new IllegalArgumentException(
                    "the request line needs 16 bytes at least, the header section one field; not "
                            + requestLineBytes + ", " + headerCount + " in " + headerBytes + " bytes");
        }
        if (chunkExtensionBytes < 0 || trailerCount < 0 || bodyBytes < 0) {
            throw new IllegalArgumentException("a limit is 0 or more, not " + chunkExtensionBytes + ", "
                    + trailerCount + ", " + bodyBytes);
        }
    }

    /**
     * The same with another limit for the request line.
     *
     * @param bytes at least 16
     * @return new limits
     */
    public HttpLimits withRequestLineBytes(int bytes) {
        return new HttpLimits(bytes, headerCount, headerBytes, chunkExtensionBytes, trailerCount, bodyBytes);
    }

    /**
     * The same with other limits for the header section.
     *
     * @param count fields
     * @param bytes all lines together
     * @return new limits
     */
    public HttpLimits withHeaders(int count, int bytes) {
        return new HttpLimits(requestLineBytes, count, bytes, chunkExtensionBytes, trailerCount, bodyBytes);
    }

    /**
     * The same with another limit for the extensions of chunks.
     *
     * @param bytes of all chunks of a body
     * @return new limits
     */
    public HttpLimits withChunkExtensionBytes(int bytes) {
        return new HttpLimits(requestLineBytes, headerCount, headerBytes, bytes, trailerCount, bodyBytes);
    }

    /**
     * The same with another limit for trailers.
     *
     * @param count fields
     * @return new limits
     */
    public HttpLimits withTrailerCount(int count) {
        return new HttpLimits(requestLineBytes, headerCount, headerBytes, chunkExtensionBytes, count,
                bodyBytes);
    }

    /**
     * The same with another limit for bodies.
     *
     * @param bytes of content, without the framing of chunks
     * @return new limits
     */
    public HttpLimits withBodyBytes(long bytes) {
        return new HttpLimits(requestLineBytes, headerCount, headerBytes, chunkExtensionBytes, trailerCount,
                bytes);
    }
}
