package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressOrderTest {
    /** Letters for addresses: small ones are IPv4, capital ones IPv6. */
    private static List<InetSocketAddress> addresses(String letters) {
        return letters.chars().mapToObj(letter -> new InetSocketAddress(
                Character.isLowerCase(letter) ? "192.0.2." + letter : "2001:db8::" + letter, letter))
                .toList();
    }

    private static String letters(List<InetSocketAddress> addresses) {
        StringBuilder letters = new StringBuilder();
        addresses.forEach(address -> letters.append((char) address.getPort()));
        return letters.toString();
    }

    @ParameterizedTest
    @CsvSource({"0, abcXYZ, abcXYZ", "0, aXb, aXb", "1, abcXYZ, aXbYcZ", "1, XYZabc, XaYbZc",
        "1, abcX, aXbc", "1, aXYZ, aXYZ", "1, aXbcYZ, aXbYcZ", "2, abcXYZ, abXcYZ",
        "3, abcdXY, abcXdY", "9, abXY, abXY", "1, abc, abc", "4, XYZ, XYZ", "1, a, a", "2, XaYbZ, XYaZb"})
    void familiesAlternateAfterTheFirstOnes(int firstCount, String given, String expected) {
        assertThat(letters(AddressOrder.interleave(addresses(given), firstCount))).isEqualTo(expected);
    }

    @Test
    void noAddressStaysNoAddress() {
        assertThat(AddressOrder.interleave(List.of(), 0)).isEmpty();
        assertThat(AddressOrder.interleave(List.of(), 1)).isEmpty();
    }

    @Test
    void nothingIsLostAndEachFamilyKeepsItsOrder() {
        Random random = new Random(3);
        for (int round = 0; round < 1_000; round++) {
            List<InetSocketAddress> given = randomAddresses(random);
            List<InetSocketAddress> copy = List.copyOf(given);
            List<InetSocketAddress> ordered = AddressOrder.interleave(given, random.nextInt(5));
            assertThat(given).isEqualTo(copy);
            for (boolean v4 : new boolean[] {true, false}) {
                assertThat(family(ordered, v4)).isEqualTo(family(given, v4));
            }
            assertThat(ordered).hasSameSizeAs(given);
            if (!given.isEmpty()) {
                assertThat(ordered.get(0)).isEqualTo(given.get(0));
            }
        }
    }

    private static List<InetSocketAddress> randomAddresses(Random random) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (int i = random.nextInt(10); i > 0; i--) {
            String host = random.nextBoolean() ? "192.0.2." + i : "2001:db8::" + i;
            addresses.add(new InetSocketAddress(host, 1 + i));
        }
        return addresses;
    }

    private static List<InetSocketAddress> family(List<InetSocketAddress> addresses, boolean v4) {
        return addresses.stream().filter(a -> a.getAddress() instanceof Inet4Address == v4).toList();
    }

    @Test
    void localAddressIsTheFirstOfTheSameFamily() {
        InetSocketAddress v4 = new InetSocketAddress("192.0.2.1", 1);
        InetSocketAddress otherV4 = new InetSocketAddress("192.0.2.2", 2);
        InetSocketAddress v6 = new InetSocketAddress("2001:db8::1", 3);
        assertThat(AddressOrder.sameFamily(Arrays.asList(v6, v4, otherV4), otherV4)).isSameAs(v4);
        assertThat(AddressOrder.sameFamily(List.of(v4, v6), v6)).isSameAs(v6);
        assertThat(AddressOrder.sameFamily(List.of(v4), v6)).isNull();
        assertThat(AddressOrder.sameFamily(List.of(), v6)).isNull();
    }
}
