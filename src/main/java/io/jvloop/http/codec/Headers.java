package io.jvloop.http.codec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * Header or trailer fields: in order, names without regard to case (RFC 9110, 5.1), several of one name
 * allowed. Flat arrays, since a dozen fields are found faster by looking than by hashing.
 *
 * <p>Names of common fields that a parser has read are spelled as in their RFC, whatever the peer has
 * written; other names are as sent. Values are Latin 1, one character for each byte, without white space
 * around them.
 *
 * <p>What a parser has read is read-only, so that it can be kept, and read on any thread; a {@link #copy}
 * can be changed.
 *
 * <p><b>Thread.</b> One at a time, unless it is read-only.
 */
public final class Headers {
    /** No fields, read-only. */
    static final Headers NONE = new Headers(0).readOnlyCopy();

    private static final int FIRST_FIELDS = 8;

    private String[] fields; // name, value, name, value …
    private int length; // used places in fields
    private boolean readOnly;

    /** Makes an empty list. */
    public Headers() {
        this(FIRST_FIELDS);
    }

    Headers(int expectedFields) {
        fields = new String[Math.max(1, expectedFields) * 2];
    }

    /** {@return a list of its own with the same fields, which may be changed} */
    public Headers copy() {
        Headers copy = new Headers(size());
        System.arraycopy(fields, 0, copy.fields, 0, length);
        copy.length = length;
        return copy;
    }

    /** For parsers: these fields, for whoever wants to keep them. */
    Headers readOnlyCopy() {
        Headers copy = copy();
        copy.readOnly = true;
        return copy;
    }

    /** Whether both have the same strings in the same order; by identity, which is what a cache gives. */
    boolean hasSameStrings(Headers other) {
        boolean same = length == other.length;
        for (int i = 0; same && i < length; i++) {
            same = fields[i] == other.fields[i];
        }
        return same;
    }

    /** {@return the number of fields} */
    public int size() {
        return length / 2;
    }

    /**
     * One field's name.
     *
     * @param index 0 to size - 1, in the order of the message
     * @return the name
     */
    public String name(int index) {
        return fields[2 * Objects.checkIndex(index, size())];
    }

    /**
     * One field's value.
     *
     * @param index 0 to size - 1, in the order of the message
     * @return the value
     */
    public String value(int index) {
        return fields[2 * Objects.checkIndex(index, size()) + 1];
    }

    /**
     * Looks a field up.
     *
     * @param name in any case
     * @return the value of the first field of that name, or null
     */
    public String get(String name) {
        int at = find(name, 0);
        return at < 0 ? null : fields[at + 1];
    }

    /**
     * Looks all fields of a name up.
     *
     * @param name in any case
     * @return the values in order, none if there is no such field
     */
    public List<String> getAll(String name) {
        List<String> values = new ArrayList<>();
        for (int at = find(name, 0); at >= 0; at = find(name, at + 2)) {
            values.add(fields[at + 1]);
        }
        return values;
    }

    /**
     * Whether there is such a field.
     *
     * @param name in any case
     * @return true if there is one at least
     */
    public boolean contains(String name) {
        return find(name, 0) >= 0;
    }

    /**
     * Looks for an element of a list such as {@code Connection: keep-alive, Upgrade}, in all fields of that
     * name.
     *
     * @param name in any case
     * @param token in any case; what follows a semicolon is not compared
     * @return whether it is there
     */
    public boolean containsToken(String name, String token) {
        for (int at = find(name, 0); at >= 0; at = find(name, at + 2)) {
            if (ListElements.contains(fields[at + 1], token)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Adds a field at the end, also if there is one of that name.
     *
     * @param name a token
     * @param value characters of Latin 1 but no control characters other than a tab; white space around it is
     *            removed
     * @return this
     * @throws IllegalArgumentException if one of them may not stand in a message; a line break would be an
     *             attacker's way to write headers of their own
     * @throws UnsupportedOperationException if this is what a parser has read
     */
    public Headers add(String name, String value) {
        requireChangeable();
        addUnchecked(checkedName(name), checkedValue(name, value));
        return this;
    }

    /**
     * Puts a field in the place of all those of that name; at the end if there is none.
     *
     * @param name as for {@link #add}
     * @param value as for {@link #add}
     * @return this
     * @throws IllegalArgumentException as for {@link #add}
     * @throws UnsupportedOperationException as for {@link #add}
     */
    public Headers set(String name, String value) {
        requireChangeable();
        String checked = checkedValue(name, value);
        int at = find(checkedName(name), 0);
        if (at < 0) {
            addUnchecked(name, checked);
        } else {
            fields[at + 1] = checked;
            removeFrom(name, at + 2);
        }
        return this;
    }

    /**
     * Removes all fields of a name.
     *
     * @param name in any case
     * @return whether there was one
     * @throws UnsupportedOperationException as for {@link #add}
     */
    public boolean remove(String name) {
        requireChangeable();
        return removeFrom(name, 0);
    }

    /**
     * Removes everything.
     *
     * @throws UnsupportedOperationException as for {@link #add}
     */
    public void clear() {
        requireChangeable();
        for (int i = 0; i < length; i++) { // they are few, and this is done for each request
            fields[i] = null;
        }
        length = 0;
    }

    /**
     * Calls for each field in order.
     *
     * @param action gets the name and the value
     */
    public void forEach(BiConsumer<String, String> action) {
        for (int i = 0; i < length; i += 2) {
            action.accept(fields[i], fields[i + 1]);
        }
    }

    private void requireChangeable() {
        if (readOnly) {
            throw new UnsupportedOperationException("what was received is read-only; change a copy()");
        }
    }

    /** For parsers, who have checked it. */
    void addUnchecked(String name, String value) {
        if (length == fields.length) {
            fields = Arrays.copyOf(fields, length * 2);
        }
        fields[length] = name;
        fields[length + 1] = value;
        length += 2;
    }

    private boolean removeFrom(String name, int start) {
        int kept = find(name, start);
        if (kept < 0) {
            return false;
        }
        for (int i = kept; i < length; i += 2) {
            if (!fields[i].equalsIgnoreCase(name)) {
                fields[kept] = fields[i];
                fields[kept + 1] = fields[i + 1];
                kept += 2;
            }
        }
        Arrays.fill(fields, kept, length, null);
        length = kept;
        return true;
    }

    private int find(String name, int start) {
        Objects.requireNonNull(name, "name");
        for (int i = start; i < length; i += 2) {
            String field = fields[i];
            if (field == name || field.length() == name.length() && field.equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    private static String checkedName(String name) {
        if (!Tokens.isToken(name)) {
            throw new IllegalArgumentException("not a name of a header: '" + name + "'");
        }
        return name;
    }

    private static String checkedValue(String name, String value) {
        Objects.requireNonNull(value, name);
        if (!Tokens.isValue(value)) {
            throw new IllegalArgumentException("the value of '" + name
                    + "' has a character that may not stand "
                    + "there, a line break for example, or one beyond Latin 1, which has to be encoded");
        }
        return ListElements.trimmed(value, 0, value.length());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Headers that
                && Arrays.equals(fields, 0, length, that.fields, 0, that.length);
    }

    @Override
    public int hashCode() {
        return Arrays.asList(fields).subList(0, length).hashCode();
    }

    /** {@return the fields as in a message, one a line} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }
}
