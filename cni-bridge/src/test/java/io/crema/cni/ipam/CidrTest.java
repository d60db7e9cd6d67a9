package io.crema.cni.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
  @Test
  void bitsBehindThePrefixAreCleared() {
    assertThat(Cidr.parse("10.1.2.3/20")).hasToString("10.1.0.0/20");
    assertThat(Cidr.parse("fd00:1:2:3:4::9/60")).hasToString("fd00:1:2::/60");
    assertThat(Cidr.parse("1.2.3.4/0")).hasToString("0.0.0.0/0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0.0",
        "10.0.0/8",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "a/8",
        "fd00::/129",
        "host.example/8",
        "10.0.0.256/8",
        "fe80::1%eth0/64",
        "10.0.0.0/8/8"
      })
  void whatIsNoCidrIsRefusedByName(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void theKubeletsTwoCidrsComeInEitherOrder() {
    assertThat(Cidr.parseDual("fd00::/64, 10.0.0.0/24").toString())
        .isEqualTo("[10.0.0.0/24, fd00::/64]");
    assertThatThrownBy(() -> Cidr.parseDual("10.0.0.0/24,10.1.0.0/24"))
        .hasMessageContaining("one of IPv4 and one of IPv6");
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.0.0/16, true",
    "10.0.0.0/16, 10.1.0.0/16, false",
    "0.0.0.0/0, 10.1.0.0/16, true",
    "10.0.0.0/8, fd00::/8, false",
    "fd00::/64, fd00:0:0:1::/64, false"
  })
  void overlapsAreSymmetric(String a, String b, boolean overlap) {
    assertThat(Cidr.parse(a).overlaps(Cidr.parse(b))).isEqualTo(overlap);
    assertThat(Cidr.parse(b).overlaps(Cidr.parse(a))).isEqualTo(overlap);
  }

  @RepeatedTest(200)
  void offsetsComeBack() throws UnknownHostException {
    Random random = new Random();
    byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(bytes);
    Cidr cidr = new Cidr(InetAddress.getByAddress(bytes), random.nextInt(bytes.length * 8 + 1));
    int offset = random.nextInt(Math.max(1, 1 << Math.min(30, cidr.hostBits())));
    InetAddress address = cidr.address(offset);
    assertThat(cidr.contains(address)).isTrue();
    assertThat(cidr.offset(address)).isEqualTo(offset);
    assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
    assertThat(Cidr.parseAddress(IpText.format(address))).isEqualTo(address);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 11.0.0.0",
    "10.255.255.0/24, 11.0.0.0",
    "255.255.255.0/24, 0.0.0.0",
    "10.0.0.4/30, 10.0.0.8",
    "10.0.0.4/32, 10.0.0.5",
    "fd00::/64, fd00:0:0:1::",
    "0.0.0.0/0, 0.0.0.0"
  })
  void theEndIsTheAddressBehindTheLast(String cidr, String end) throws UnknownHostException {
    assertThat(IpText.format(InetAddress.getByAddress(Cidr.parse(cidr).endExclusive())))
        .isEqualTo(end);
  }

  @ParameterizedTest
  @CsvSource({
    "fd00:0:0:0:0:0:0:2, fd00::2",
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "192.0.2.7, 192.0.2.7"
  })
  void addressesAreWrittenAsRfc5952Says(String in, String out) {
    assertThat(IpText.format(InetAddress.ofLiteral(in))).isEqualTo(out);
  }
}
