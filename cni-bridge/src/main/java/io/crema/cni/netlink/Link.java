package io.crema.cni.netlink;

import org.jspecify.annotations.Nullable;

/**
 * A network interface as the kernel tells of it.
 *
 * @param master the index of its bridge, or 0
 * @param peer the index of what it is linked to (a veth's other end, in that one's namespace), or 0
 * @param peerNamespace the kernel's number, in this namespace, of the one that the peer is in; -1
 *     when it is in this one or unknown
 * @param mtu in bytes
 * @param kind {@code bridge}, {@code veth}; empty for hardware
 * @param counters struct rtnl_link_stats64 (linux/if_link.h), empty when not asked for
 */
public record Link(
    int index,
    String name,
    int master,
    int peer,
    int peerNamespace,
    int mtu,
    boolean up,
    String kind,
    byte @Nullable [] mac,
    long[] counters) {
  private static final int IFF_UP = 1;
  private static final int FIXED = 16; // struct ifinfomsg

  /** From RTM_NEWLINK. */
  static Link parse(NetlinkMessage m) {
    Attributes a = m.attributes(FIXED);
    String name = a.text(Rtnetlink.IFLA_IFNAME);
    String kind = a.nested(Rtnetlink.IFLA_LINKINFO).text(Rtnetlink.IFLA_INFO_KIND);
    return new Link(
        m.int32(4),
        name == null ? "" : name,
        a.int32(Rtnetlink.IFLA_MASTER, 0),
        a.int32(Rtnetlink.IFLA_LINK, 0),
        a.int32(Rtnetlink.IFLA_LINK_NETNSID, -1),
        a.int32(Rtnetlink.IFLA_MTU, 0),
        (m.int32(8) & IFF_UP) != 0,
        kind == null ? "" : kind,
        a.bytes(Rtnetlink.IFLA_ADDRESS),
        a.longs(Rtnetlink.IFLA_STATS64));
  }
}
