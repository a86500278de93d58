package io.jvloop.http;

import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;

/**
 * What is to be sent of a file.
 *
 * @param file the caller's
 * @param offset where to begin
 * @param count bytes
 * @param sent to be completed
 */
record FilePart(FileChannel file, long offset, long count, CompletableFuture<Long> sent) {
}
