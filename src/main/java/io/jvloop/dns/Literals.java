package io.jvloop.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/**
 * Tells an address from a name by looking at the text alone.
 *
 * <p><b>Stricter than the JDK</b>, which also takes 127.1 for 127.0.0.1, 010.0.0.1 for 10.0.0.1 (C: 8.0.0.1)
 * and ::00000001 for ::1. Text that programs read differently is how a filter is passed, so here only the
 * forms of {@code inet_pton} are literals. The rest is left to the system's resolver, as any name is.
 *
 * <p><b>Never a look-up.</b> What passes here is handed to {@code InetAddress.getByName}. By its contract
 * that only checks the format of a literal. By its code, text that begins with a hex digit or a colon
 * <em>and</em> contains a colon ends as an address or as an {@code UnknownHostException} before any resolver
 * is asked. {@link #isIpv6} lets nothing else through, and {@code LiteralsTest} keeps watch over both.
 */
final class Literals {
    /** Four hex digits: 16 bits. */
    private static final int GROUP_DIGITS = 4;

    private Literals() {
    }

    /** The address, or null if the text is none. */
    static InetAddress parse(String host) {
        if (host == null || host.length() > Resolver.MAX_NAME) {
            return null;
        }
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String text = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!isIpv6(text) && (bracketed || !isIpv4(text))) {
            return null;
        }
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            return null; // only looked like one: 1::2::3, or a scope that is no interface of this machine
        }
    }

    /** Four decimal numbers from 0 to 255 without leading zeros. */
    static boolean isIpv4(String text) {
        int from = 0;
        for (int dots = 0; dots < 3; dots++) {
            int dot = text.indexOf('.', from);
            if (!isOctet(text, from, dot)) {
                return false;
            }
            from = dot + 1;
        }
        return isOctet(text, from, text.length());
    }

    private static boolean isOctet(String text, int from, int to) {
        int length = to - from; // negative if the dot is missing
        if (length < 1 || length > 3 || length > 1 && text.charAt(from) == '0') {
            return false;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            value = value * 10 + digit;
        }
        return value <= 255;
    }

    /**
     * Whether the text is made of the right parts. Whether they are enough, and whether the scope exists, is
     * for the JDK to say.
     */
    static boolean isIpv6(String text) {
        int percent = text.indexOf('%');
        int end = percent < 0 ? text.length() : percent;
        int colon = text.lastIndexOf(':', end - 1);
        if (colon < 0) {
            return false;
        }
        String last = text.substring(colon + 1, end);
        return isGroups(text.substring(0, colon)) && (isGroups(last) || isIpv4(last));
    }

    private static boolean isGroups(String text) {
        int digits = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ':') {
                digits = 0;
            } else if (!HexFormat.isHexDigit(c) || ++digits > GROUP_DIGITS) {
                return false;
            }
        }
        return true;
    }
}
