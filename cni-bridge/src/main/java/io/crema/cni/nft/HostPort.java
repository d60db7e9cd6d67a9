package io.crema.cni.nft;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host that leads to a pod.
 *
 * @param protocol its number in the IP header
 * @param hostAddress the only address that answers, or null for all of the pod address's family
 */
public record HostPort(
    int protocol,
    @Nullable InetAddress hostAddress,
    int hostPort,
    InetAddress podAddress,
    int podPort) {
  public HostPort {
    if (hostAddress != null
        && (hostAddress instanceof Inet4Address) != (podAddress instanceof Inet4Address)) {
      throw new IllegalArgumentException(hostAddress + " and " + podAddress + " differ in family");
    }
  }

  boolean ipv4() {
    return podAddress instanceof Inet4Address;
  }

  /** The map's name that it is an element of. */
  String map() {
    return (hostAddress == null ? "hostports" : "hostips") + (ipv4() ? "4" : "6");
  }

  /** The port that an element of {@code map} stands for: {@link #element} backwards. */
  static HostPort of(String map, NftBatch.Element element) throws UnknownHostException {
    ByteBuffer key = ByteBuffer.wrap(element.key());
    ByteBuffer data = ByteBuffer.wrap(element.data());
    byte[] address = new byte[map.endsWith("4") ? 4 : 16];
    int protocol = key.get(0) & 0xff;
    key.position(4);
    InetAddress host = null;
    if (map.startsWith("hostips")) {
      key.get(address);
      host = InetAddress.getByAddress(address);
    }
    data.get(address);
    return new HostPort(
        protocol,
        host,
        key.getShort() & 0xffff,
        InetAddress.getByAddress(address),
        data.getShort() & 0xffff);
  }

  /** As in the registers: each part begins at a multiple of four bytes. */
  NftBatch.Element element() {
    byte[] to = podAddress.getAddress();
    byte[] host = hostAddress == null ? new byte[0] : hostAddress.getAddress();
    return new NftBatch.Element(
        ByteBuffer.allocate(8 + host.length)
            .put((byte) protocol)
            .position(4)
            .put(host)
            .putShort((short) hostPort)
            .array(),
        ByteBuffer.allocate(to.length + 4).put(to).putShort((short) podPort).array());
  }
}
