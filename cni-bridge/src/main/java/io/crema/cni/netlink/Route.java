package io.crema.cni.netlink;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * A route of the kernel's.
 *
 * @param destination its network address; null for a default route
 * @param interfaceIndex where it leads, 0 when it leads nowhere or to several
 */
public record Route(
    int family,
    @Nullable InetAddress destination,
    int prefix,
    int table,
    int type,
    int interfaceIndex) {
  private static final int FIXED = 12; // struct rtmsg
  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_TABLE = 15;

  /** From RTM_NEWROUTE. */
  static Route parse(NetlinkMessage m) {
    Attributes a = m.attributes(FIXED);
    byte[] destination = a.bytes(RTA_DST);
    try {
      return new Route(
          m.u8(0),
          destination == null ? null : InetAddress.getByAddress(destination),
          m.u8(1),
          a.int32(RTA_TABLE, m.u8(4)),
          m.u8(7),
          a.int32(RTA_OIF, 0));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("a route's destination of a strange length", e);
    }
  }
}
