package io.jvloop.tls;

import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** A host name or address as a certificate holds it (GeneralName, RFC 5280, 4.2.1.6). */
final class SubjectName {
    private static final int DNS_NAME = Der.IMPLICIT | 2;
    private static final int IP_ADDRESS = Der.IMPLICIT | 7;

    /** As long as DNS allows (RFC 1035, 2.3.4). */
    private static final int MAX_NAME = 253;
    private static final String LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    private static final Pattern NAME = Pattern.compile("(?:\\*\\.)?" + LABEL + "(?:\\." + LABEL + ")*");

    /** Stricter than the JDK, to which 127.1 and 010.0.0.1 are addresses too. */
    private static final String OCTET = "(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}");
    private static final Pattern IPV4_LIKE = Pattern.compile("[0-9.]+");
    private static final Pattern IPV6_LIKE = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private SubjectName() {
    }

    /** The name, encoded. A name in other letters than ASCII is translated (IDNA). */
    static byte[] encode(String name) {
        if (name.indexOf(':') >= 0 || IPV4_LIKE.matcher(name).matches()) {
            return Der.value(IP_ADDRESS, address(name));
        }
        String ascii = ascii(name);
        if (ascii.length() > MAX_NAME || !NAME.matcher(ascii).matches()) {
            throw new IllegalArgumentException("not a host name or address: '" + name + "'");
        }
        return Der.value(DNS_NAME, ascii.getBytes(StandardCharsets.US_ASCII));
    }

    private static String ascii(String name) {
        boolean isAscii = name.chars().allMatch(c -> c < 0x80);
        return isAscii ? name : IDN.toASCII(name); // which throws IllegalArgumentException itself
    }

    /**
     * Never a look-up: IPv4 goes to the JDK in the strict form only, and in brackets it takes nothing but an
     * IPv6 address. An IPv4 address mapped into IPv6 comes back as IPv4.
     */
    private static byte[] address(String text) {
        boolean isIpv6 = IPV6_LIKE.matcher(text).matches();
        if (isIpv6 || IPV4.matcher(text).matches()) {
            try {
                return InetAddress.getByName(isIpv6 ? "[" + text + "]" : text).getAddress();
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException("not an address: '" + text + "'", e);
            }
        }
        throw new IllegalArgumentException("not an address: '" + text + "'");
    }
}
