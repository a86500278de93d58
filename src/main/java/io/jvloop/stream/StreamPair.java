package io.jvloop.stream;

/**
 * The two halves of a stream. Of a pipe only one can be used.
 *
 * @param reader what comes
 * @param writer what goes
 */
public record StreamPair(StreamReader reader, StreamWriter writer) {
}
