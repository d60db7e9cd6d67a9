package io.crema.cni.ipam;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** A network: {@code 10.88.0.0/16}, {@code fd00::/64}. Bits behind the prefix are zero. */
public record Cidr(InetAddress network, int prefix) {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  public Cidr {
    if (prefix < 0 || prefix > network.getAddress().length * 8) {
      throw new IllegalArgumentException(
          "prefix length " + prefix + " of " + IpText.format(network));
    }
    network = ofBytes(masked(network.getAddress(), prefix));
  }

  /** Reads {@code address/prefix}. */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    try {
      if (slash > 0) {
        return new Cidr(
            parseAddress(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a CIDR such as 10.88.0.0/16 or fd00::/64", e);
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is not a CIDR such as 10.88.0.0/16 or fd00::/64");
  }

  /** Reads one CIDR, or one of each family separated by a comma; IPv4 comes first in the result. */
  public static List<Cidr> parseDual(String text) {
    List<Cidr> out = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      out.add(parse(part.strip()));
    }
    if (out.size() > 2 || (out.size() == 2 && out.get(0).isIpv4() == out.get(1).isIpv4())) {
      throw new IllegalArgumentException(
          "\"" + text + "\": one CIDR, or one of IPv4 and one of IPv6, separated by a comma");
    }
    out.sort((a, b) -> Boolean.compare(b.isIpv4(), a.isIpv4()));
    return List.copyOf(out);
  }

  /** Reads an address, never asking for a name. */
  public static InetAddress parseAddress(String text) {
    if (text.indexOf(':') < 0 && !IPV4.matcher(text).matches()) {
      throw new IllegalArgumentException("\"" + text + "\" is not an IP address");
    }
    if (text.indexOf('%') >= 0) {
      throw new IllegalArgumentException("\"" + text + "\" has a zone");
    }
    return InetAddress.ofLiteral(text);
  }

  private static byte[] masked(byte[] address, int prefix) {
    byte[] out = address.clone();
    for (int i = 0; i < out.length; i++) {
      int bits = Math.clamp(prefix - 8L * i, 0, 8);
      out[i] &= (byte) (0xff00 >> bits);
    }
    return out;
  }

  private static InetAddress ofBytes(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address of " + address.length + " bytes", e);
    }
  }

  /** Whether it is of IPv4. */
  public boolean isIpv4() {
    return network instanceof Inet4Address;
  }

  /** Whether {@code address} lies in it. */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == network.getAddress().length
        && Arrays.equals(masked(bytes, prefix), network.getAddress());
  }

  /** Whether the two have an address in common. */
  public boolean overlaps(Cidr other) {
    return prefix <= other.prefix ? contains(other.network) : other.contains(network);
  }

  /** How many bits an address has behind the prefix. */
  public int hostBits() {
    return network.getAddress().length * 8 - prefix;
  }

  /** The {@code offset}-th address, counted from the network's own. */
  public InetAddress address(int offset) {
    byte[] bytes = network.getAddress();
    add(bytes, offset);
    return ofBytes(bytes);
  }

  private static void add(byte[] bytes, long offset) {
    long carry = offset;
    for (int i = bytes.length - 1; i >= 0 && carry != 0; i--) {
      carry += bytes[i] & 0xff;
      bytes[i] = (byte) carry;
      carry >>= 8;
    }
  }

  /** The reverse of {@link #address}; -1 if it lies outside or beyond what an int counts. */
  public int offset(InetAddress address) {
    if (!contains(address)) {
      return -1;
    }
    byte[] bytes = address.getAddress();
    byte[] base = network.getAddress();
    long offset = 0;
    for (int i = 0; i < bytes.length; i++) {
      offset = offset << 8 | ((bytes[i] ^ base[i]) & 0xff); // base has no bits there
      if (offset > Integer.MAX_VALUE) {
        return -1;
      }
    }
    return (int) offset;
  }

  /** The address behind the last one, as bytes; it wraps to zero at the end of all addresses. */
  public byte[] endExclusive() {
    byte[] bytes = network.getAddress();
    if (prefix == 0) {
      return bytes;
    }
    int at = (prefix - 1) / 8;
    int carry = 1 << (7 - (prefix - 1) % 8);
    for (int i = at; i >= 0 && carry != 0; i--) {
      carry += bytes[i] & 0xff;
      bytes[i] = (byte) carry;
      carry >>= 8;
    }
    return bytes;
  }

  @Override
  public String toString() {
    return IpText.format(network) + "/" + prefix;
  }
}
