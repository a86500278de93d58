package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Names of common fields: found from the bytes without making a string, and spelled as in their RFC. The
 * first ones mean something to the parser.
 */
enum Name {
    CONTENT_LENGTH, TRANSFER_ENCODING, HOST, CONNECTION, EXPECT,
    AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE,
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ACCEPT_RANGES,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AGE, ALLOW,
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_RANGE,
    CONTENT_TYPE, DATE, DNT, ETAG, EXPIRES, FORWARDED, FROM, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, IF_UNMODIFIED_SINCE, KEEP_ALIVE, LAST_MODIFIED, LINK, LOCATION, MAX_FORWARDS, ORIGIN, PRAGMA,
    PRIORITY, PROXY_CONNECTION, RANGE, REFERER, RETRY_AFTER, SEC_FETCH_DEST, SEC_FETCH_MODE, SEC_FETCH_SITE,
    SEC_FETCH_USER, SERVER, SET_COOKIE, TE, TRAILER, TRANSFER, UPGRADE, UPGRADE_INSECURE_REQUESTS, USER_AGENT,
    VARY, VIA, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_REQUESTED_WITH;

    private static final int SLOTS = 256; // a power of two, with room to spare
    private static final int TO_LOWER = 0x20;
    private static final Name[] TABLE = new Name[SLOTS];

    static {
        for (Name name : values()) {
            int slot =
                    hash(name.text.charAt(0), name.text.charAt(name.text.length() - 1), name.text.length());
            while (TABLE[slot] != null) {
                slot = slot + 1 & SLOTS - 1;
            }
            TABLE[slot] = name;
        }
    }

    private final String text;
    private final byte[] lowerCase;

    Name() {
        StringBuilder spelled = new StringBuilder();
        for (String word : name().split("_")) {
            boolean abbreviation = word.equals("TE") || word.equals("DNT") || word.equals("ETAG");
            String rest = word.substring(1).toLowerCase(Locale.ROOT);
            spelled.append(spelled.isEmpty() ? "" : "-")
                    .append(abbreviation ? word.equals("ETAG") ? "ETag" : word : word.charAt(0) + rest);
        }
        text = spelled.toString();
        lowerCase = text.toLowerCase(Locale.ROOT).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** As in the RFC. */
    String text() {
        return text;
    }

    /** Whether its values had better not stay in memory. */
    boolean isSecret() {
        return this == AUTHORIZATION || this == PROXY_AUTHORIZATION || this == COOKIE;
    }

    /** The name that stands there, in any case; null if it is not a common one. */
    static Name find(ByteBuffer in, int start, int end) {
        int slot = hash(in.get(start), in.get(end - 1), end - start);
        for (Name name = TABLE[slot]; name != null; name = TABLE[slot]) {
            if (name.is(in, start, end)) {
                return name;
            }
            slot = slot + 1 & SLOTS - 1;
        }
        return null;
    }

    private boolean is(ByteBuffer in, int start, int end) {
        byte[] expected = lowerCase;
        if (expected.length != end - start) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            byte c = in.get(start + i);
            if (c != expected[i] && (c | TO_LOWER) != expected[i] || c < '-') {
                return false;
            }
        }
        return true;
    }

    private static int hash(int first, int last, int length) {
        return (first | TO_LOWER) * 7 + (last | TO_LOWER) * 31 + length * 5 & SLOTS - 1;
    }
}
