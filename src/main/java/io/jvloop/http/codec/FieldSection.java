package io.jvloop.http.codec;

import java.nio.ByteBuffer;

/**
 * Reads the lines of a header or trailer section, up to the empty one.
 *
 * <p>Clients repeat themselves: a section of the same strings as the one before, which is what {@link
 * StringCache} makes of it, is the same object, unless it has secrets. So a request that comes again costs no
 * memory for its fields.
 */
final class FieldSection {
    private static final int LINE_END = 2;
    private static final int TOO_LARGE = 431;

    private final LineReader lines;
    private final StringCache strings;
    private final int fault; // the status for what breaks the rules
    private final int excess; // the status for what is more than allowed
    private final Headers section = new Headers();
    private Headers complete; // the last one; null at first
    private boolean hasSecrets;
    private int fieldsLeft;
    private int bytesLeft;

    FieldSection(LineReader lines, StringCache strings, int fault) {
        this.lines = lines;
        this.strings = strings;
        this.fault = fault;
        this.excess = fault < 500 ? TOO_LARGE : fault;
    }

    /** A section begins. */
    void begin(int mostFields, int mostBytes) {
        section.clear();
        hasSecrets = false;
        fieldsLeft = mostFields;
        bytesLeft = mostBytes;
    }

    /** The fields of the last complete section, read-only; null before the first one. */
    Headers headers() {
        return complete;
    }

    /**
     * Takes what there is.
     *
     * @param framing hears of the fields that mean something to it; null for trailers, which must not
     * @return whether the section is complete
     */
    boolean next(ByteBuffer in, Framing framing) throws HttpParseException {
        while (lines.next(in, bytesLeft, excess, "the section of fields")) {
            if (lines.length() == 0) {
                complete = hasSecrets ? section.readOnlyCopy() : strings.get(section);
                return true;
            }
            bytesLeft = Math.max(0, bytesLeft - lines.length() - LINE_END);
            if (fieldsLeft-- == 0) {
                throw new HttpParseException(excess, "more than " + section.size() + " fields");
            }
            field(lines.source(), lines.start(), lines.end(), framing);
        }
        return false;
    }

    private void field(ByteBuffer in, int start, int end, Framing framing) throws HttpParseException {
        int colon = Tokens.endOfToken(in, start, end);
        if (colon == start || colon == end || in.get(colon) != ':') {
            throw badName(in, start, colon, end);
        }
        Name name = Name.find(in, start, colon);
        boolean isSecret = name != null && name.isSecret();
        hasSecrets |= isSecret;
        String value = value(in, colon + 1, end, isSecret);
        if (name == null) {
            section.addUnchecked(strings.get(in, start, colon), value);
            return;
        }
        section.addUnchecked(name.text(), value);
        if (framing != null) {
            framing.field(name, value);
        }
    }

    /** Without the blanks around it. */
    private String value(ByteBuffer in, int start, int end, boolean isSecret) throws HttpParseException {
        int from = start;
        int to = end;
        while (from < to && Tokens.isBlank(in.get(from))) {
            from++;
        }
        while (from < to && Tokens.isBlank(in.get(to - 1))) {
            to--;
        }
        int bad = Tokens.endOfValue(in, from, to);
        if (bad < to) {
            throw new HttpParseException(fault, "a field's value has the byte " + hex(in.get(bad)));
        }
        return isSecret ? StringCache.decode(in, from, to) : strings.get(in, from, to);
    }

    private HttpParseException badName(ByteBuffer in, int start, int stop, int end) {
        if (stop == end) {
            return new HttpParseException(fault, "a field without a colon");
        }
        byte c = in.get(stop);
        if (stop == start && Tokens.isBlank(c)) {
            return new HttpParseException(fault,
                    "a line begins with white space: folded, or before the first field");
        }
        return new HttpParseException(fault, c == ':' ? "a field without a name"
                : Tokens.isBlank(c) ? "white space between a field's name and the colon"
                : "a field's name has the byte " + hex(c));
    }

    static String hex(byte c) {
        return String.format("0x%02X", c);
    }
}
