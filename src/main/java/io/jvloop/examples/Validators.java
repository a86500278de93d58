package io.jvloop.examples;

import io.jvloop.http.HttpRequest;
import io.jvloop.http.codec.HttpDate;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What tells one version of a file from another, and the requests that ask, RFC 9110, 13.
 *
 * @param tag the entity tag
 * @param modified to the second
 */
record Validators(String tag, Instant modified) {
    private static final int OK = 200;
    private static final int NOT_MODIFIED = 304;
    private static final int PRECONDITION_FAILED = 412;

    static Validators of(BasicFileAttributes file) {
        Instant modified = file.lastModifiedTime().toInstant();
        Instant now = Instant.now(); // nothing is sent that was modified later, RFC 9110, 8.8.2.1
        long nanos = modified.getEpochSecond() * 1_000_000_000 + modified.getNano();
        return new Validators("\"" + Long.toHexString(nanos) + "-" + Long.toHexString(file.size()) + "\"",
                (modified.isAfter(now) ? now : modified).truncatedTo(ChronoUnit.SECONDS));
    }

    /** The status by the conditions of the request, in the order of RFC 9110, 13.2.2. */
    int evaluate(HttpRequest request) {
        String ifMatch = list(request, "If-Match");
        String ifNoneMatch = list(request, "If-None-Match");
        if (ifMatch != null) {
            if (!lists(ifMatch, false)) {
                return PRECONDITION_FAILED;
            }
        } else if (isBefore(request.header("If-Unmodified-Since"))) {
            return PRECONDITION_FAILED;
        }
        if (ifNoneMatch != null) {
            return lists(ifNoneMatch, true) ? NOT_MODIFIED : OK;
        }
        boolean unchanged = HttpDate.parse(request.header("If-Modified-Since"))
                .filter(since -> !modified.isAfter(since)).isPresent();
        return unchanged ? NOT_MODIFIED : OK;
    }

    /** A list may come in several fields, RFC 9110, 5.3; null for none. */
    private static String list(HttpRequest request, String name) {
        return request.headers().contains(name) ? String.join(",", request.headers().getAll(name)) : null;
    }

    private boolean isBefore(String date) {
        return HttpDate.parse(date).filter(modified::isAfter).isPresent();
    }

    private boolean lists(String field, boolean weakly) {
        if (field.trim().equals("*")) {
            return true;
        }
        for (String element : field.split(",")) {
            String trimmed = element.trim();
            if (trimmed.equals(tag) || weakly && trimmed.equals("W/" + tag)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a range may be sent: for GET, RFC 9110, 14.2, and of this version: If-Range, 13.1.5. */
    boolean allowRange(HttpRequest request) {
        String ifRange = request.header("If-Range");
        return request.method().equals("GET") && (ifRange == null || ifRange.equals(tag)
                || HttpDate.parse(ifRange).filter(modified::equals).isPresent());
    }
}
