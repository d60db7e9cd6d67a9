package io.crema.cni;

import java.net.InetAddress;
import java.util.HexFormat;

/**
 * Hardware addresses made of IP addresses, as CNI's bridge makes them: who gets an address again
 * has its old hardware address too, so that no neighbour has a stale one.
 */
final class Macs {
  private Macs() {}

  /** {@code 0a:58} (locally administered) and the address's last four bytes. */
  static byte[] of(InetAddress address) {
    byte[] ip = address.getAddress();
    byte[] mac = {0x0a, 0x58, 0, 0, 0, 0};
    System.arraycopy(ip, ip.length - 4, mac, 2, 4);
    return mac;
  }

  static String text(byte[] mac) {
    return HexFormat.ofDelimiter(":").formatHex(mac);
  }
}
