package io.crema.cni.netlink;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The messages of rtnetlink(7) for links, addresses and routes.
 *
 * <p>Numbers: linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h. Methods that take a {@link
 * NetlinkBatch} only add to it; those that take a {@link NetlinkSocket} ask the kernel.
 */
public final class Rtnetlink {
  /** RTMGRP_LINK: notices of links that come, change and go. */
  public static final int GROUP_LINK = 1;

  static final int RTM_NEWLINK = 16;
  static final int RTM_DELLINK = 17;
  static final int RTM_GETLINK = 18;
  static final int RTM_NEWADDR = 20;
  static final int RTM_GETADDR = 22;
  static final int RTM_NEWROUTE = 24;
  static final int RTM_GETROUTE = 26;

  static final int IFLA_ADDRESS = 1;
  static final int IFLA_IFNAME = 3;
  static final int IFLA_MTU = 4;
  static final int IFLA_LINK = 5;
  static final int IFLA_MASTER = 10;
  static final int IFLA_LINKINFO = 18;
  static final int IFLA_INFO_KIND = 1;
  static final int IFLA_STATS64 = 23;
  static final int IFLA_LINK_NETNSID = 37;
  private static final int IFLA_INFO_DATA = 2;
  private static final int IFLA_INFO_SLAVE_KIND = 4;
  private static final int IFLA_INFO_SLAVE_DATA = 5;
  private static final int IFLA_NET_NS_FD = 28;
  private static final int IFLA_EXT_MASK = 29;
  private static final int IFLA_NUM_TX_QUEUES = 31;
  private static final int IFLA_NUM_RX_QUEUES = 32;
  private static final int IFLA_BR_FORWARD_DELAY = 1;
  private static final int IFLA_BR_STP_STATE = 5;
  private static final int IFLA_BR_MCAST_SNOOPING = 23;
  private static final int IFLA_BRPORT_MODE = 4;
  private static final int VETH_INFO_PEER = 1;
  private static final int RTEXT_FILTER_SKIP_STATS = 8;

  private static final int IFF_UP = 1;
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_TARGET_NETNSID = 10;
  private static final int RT_SCOPE_UNIVERSE = 0;
  private static final int IFA_F_NODAD = 2;

  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RTA_PRIORITY = 6;
  private static final int RT_TABLE_MAIN = 254;
  private static final int RT_TABLE_LOCAL = 255;
  private static final int RTPROT_BOOT = 3;
  private static final int RTN_UNICAST = 1;
  private static final int RTN_LOCAL = 2;

  private static final int AF_UNSPEC = 0;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  private Rtnetlink() {}

  private static NetlinkBatch linkHeader(NetlinkBatch b, int index, int flags, int change) {
    return b.u8(AF_UNSPEC).u8(0).u16(0).u32(index).u32(flags).u32(change);
  }

  /**
   * A bridge, up, without spanning tree or multicast snooping (which would lose neighbour
   * solicitations where no querier is). Without VLANs too, but that isn't said: it is the default,
   * and a kernel that has no VLAN filtering refuses to be told so.
   */
  public static void createBridge(NetlinkBatch b, String name, byte[] mac, int mtu) {
    b.message(
        RTM_NEWLINK,
        NetlinkBatch.CREATE | NetlinkBatch.EXCLUSIVE,
        "create bridge " + name,
        Errno.EEXIST);
    linkHeader(b, 0, IFF_UP, IFF_UP)
        .attribute(IFLA_IFNAME, name)
        .attribute(IFLA_ADDRESS, mac)
        .attribute32(IFLA_MTU, mtu)
        .nest(IFLA_LINKINFO)
        .attribute(IFLA_INFO_KIND, "bridge")
        .nest(IFLA_INFO_DATA)
        .attribute32(IFLA_BR_FORWARD_DELAY, 0)
        .attribute32(IFLA_BR_STP_STATE, 0)
        .attribute8(IFLA_BR_MCAST_SNOOPING, 0)
        .end()
        .end();
  }

  /**
   * A veth pair whose far end is made in another namespace; the near end is up. The far one can't
   * be yet: the kernel makes it first, and refuses to set it up without its peer.
   *
   * <p>One queue each: several only serve XDP, and cost memory and time on machines with many
   * processors.
   *
   * <p>A kernel from 6.2 on tells of the near end in its answer, see {@link #link}.
   *
   * @param master the bridge's index
   * @param netns lent until the batch is sent
   */
  public static void createVeth(
      NetlinkBatch b, String name, int master, int mtu, Fd netns, String peerName, byte[] peerMac) {
    b.message(
        RTM_NEWLINK,
        NetlinkBatch.CREATE | NetlinkBatch.EXCLUSIVE | NetlinkBatch.ECHO,
        "create veth pair " + name + " with " + peerName + " in " + netns.what());
    linkHeader(b, 0, IFF_UP, IFF_UP)
        .attribute(IFLA_IFNAME, name)
        .attribute32(IFLA_MTU, mtu)
        .attribute32(IFLA_MASTER, master)
        .attribute32(IFLA_NUM_TX_QUEUES, 1)
        .attribute32(IFLA_NUM_RX_QUEUES, 1)
        .nest(IFLA_LINKINFO)
        .attribute(IFLA_INFO_KIND, "veth")
        .nest(IFLA_INFO_DATA)
        .nest(VETH_INFO_PEER);
    linkHeader(b, 0, 0, 0)
        .attribute(IFLA_IFNAME, peerName)
        .attribute(IFLA_ADDRESS, peerMac)
        .attribute32(IFLA_MTU, mtu)
        .attribute32(IFLA_NUM_TX_QUEUES, 1)
        .attribute32(IFLA_NUM_RX_QUEUES, 1)
        .attribute32(IFLA_NET_NS_FD, netns.number())
        .end()
        .end()
        .end();
  }

  /**
   * Lets a bridge send back through a port what came from it: a pod that reaches itself through its
   * own host port needs it where bridged packets pass the IP firewall (br_netfilter).
   */
  public static void hairpin(NetlinkBatch b, String port) {
    b.message(RTM_NEWLINK, 0, "set hairpin mode of " + port);
    linkHeader(b, 0, 0, 0)
        .attribute(IFLA_IFNAME, port)
        .nest(IFLA_LINKINFO)
        .attribute(IFLA_INFO_SLAVE_KIND, "bridge")
        .nest(IFLA_INFO_SLAVE_DATA)
        .attribute8(IFLA_BRPORT_MODE, 1)
        .end()
        .end();
  }

  /** Sets a link up; loopback is index 1 in every namespace. */
  public static void setUp(NetlinkBatch b, int index, String what) {
    b.message(RTM_NEWLINK, 0, "set " + what + " up");
    linkHeader(b, index, IFF_UP, IFF_UP);
  }

  /** Changes a link's MTU. */
  public static void setMtu(NetlinkBatch b, int index, String what, int mtu) {
    b.message(RTM_NEWLINK, 0, "set mtu of " + what + " to " + mtu);
    linkHeader(b, index, 0, 0).attribute32(IFLA_MTU, mtu);
  }

  /** Removes a link; fine if it is gone. The kernel takes some 20 ms over a veth pair. */
  public static void deleteLink(NetlinkBatch b, String name) {
    b.message(RTM_DELLINK, 0, "delete link " + name, Errno.ENODEV);
    linkHeader(b, 0, 0, 0).attribute(IFLA_IFNAME, name);
  }

  /** Asks for a link by name; the answer is among the exchange's, see {@link #link}. */
  public static void getLink(NetlinkBatch b, String name, boolean counters, Errno... tolerated) {
    b.message(RTM_GETLINK, 0, "look up link " + name, tolerated);
    linkHeader(b, 0, 0, 0).attribute(IFLA_IFNAME, name);
    if (!counters) {
      b.attribute32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    }
  }

  /** The link among an exchange's answers. */
  public static Optional<Link> link(List<NetlinkMessage> answers) {
    return answers.stream().filter(m -> m.type() == RTM_NEWLINK).map(Link::parse).findFirst();
  }

  /** An address with its prefix's route; IPv6 without duplicate address detection, at once. */
  public static void addAddress(
      NetlinkBatch b, int link, String linkName, InetAddress address, int prefix) {
    byte[] bytes = address.getAddress();
    b.message(
            RTM_NEWADDR,
            NetlinkBatch.CREATE | NetlinkBatch.EXCLUSIVE,
            "add address " + address.getHostAddress() + "/" + prefix + " to " + linkName,
            Errno.EEXIST)
        .u8(family(bytes))
        .u8(prefix)
        .u8(0)
        .u8(0)
        .u32(link)
        .attribute(IFA_LOCAL, bytes)
        .attribute(IFA_ADDRESS, bytes);
    if (bytes.length == 16) {
      b.attribute32(IFA_FLAGS, IFA_F_NODAD);
    }
  }

  /** The default route of the gateway's family. */
  public static void addDefaultRoute(NetlinkBatch b, int link, InetAddress gateway) {
    byte[] bytes = gateway.getAddress();
    b.message(
            RTM_NEWROUTE,
            NetlinkBatch.CREATE | NetlinkBatch.REPLACE,
            "add default route by " + gateway.getHostAddress())
        .u8(family(bytes))
        .u8(0)
        .u8(0)
        .u8(0)
        .u8(RT_TABLE_MAIN)
        .u8(RTPROT_BOOT)
        .u8(0)
        .u8(RTN_UNICAST)
        .u32(0)
        .attribute(RTA_GATEWAY, bytes)
        .attribute32(RTA_OIF, link);
  }

  /**
   * Lets answers to ::1 that come back by {@code link} be taken in: the kernel looks for loopback's
   * address only among the routes of the interface that a packet came by (rt6_need_strict). What is
   * sent to ::1 goes on by lo, whose route has the lower metric, and packets that have ::1 in them
   * when they arrive are dropped before (ip6_rcv_core).
   */
  public static void addLoopbackRoute(NetlinkBatch b, int link) {
    byte[] loopback = new byte[16];
    loopback[15] = 1;
    b.message(
            RTM_NEWROUTE,
            NetlinkBatch.CREATE | NetlinkBatch.REPLACE,
            "add local route to ::1 by the bridge")
        .u8(AF_INET6)
        .u8(128)
        .u8(0)
        .u8(0)
        .u8(RT_TABLE_LOCAL)
        .u8(RTPROT_BOOT)
        .u8(0)
        .u8(RTN_LOCAL)
        .u32(0)
        .attribute(RTA_DST, loopback)
        .attribute32(RTA_OIF, link)
        .attribute32(RTA_PRIORITY, 2048);
  }

  private static int family(byte[] address) {
    return address.length == 4 ? AF_INET : AF_INET6;
  }

  /** All links, without counters. */
  public static List<Link> links(NetlinkSocket socket) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(RTM_GETLINK, NetlinkBatch.DUMP, "list links");
    linkHeader(b, 0, 0, 0).attribute32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return socket.dump(b).stream().filter(m -> m.type() == RTM_NEWLINK).map(Link::parse).toList();
  }

  /** An interface's address. */
  public record InterfaceAddress(InetAddress address, int prefix) {}

  /**
   * The global addresses of an interface in another namespace, without going there (Linux 4.20).
   *
   * @param socket one that checks strictly, see {@link NetlinkSocket#strictRoute}
   * @param namespace as in {@link Link#peerNamespace}
   */
  public static List<InterfaceAddress> addresses(NetlinkSocket socket, int namespace, int index)
      throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(RTM_GETADDR, NetlinkBatch.DUMP, "list addresses in namespace " + namespace);
    b.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u32(index).attribute32(IFA_TARGET_NETNSID, namespace);
    List<InterfaceAddress> out = new ArrayList<>();
    for (NetlinkMessage m : socket.dump(b)) {
      byte[] address = m.attributes(8).bytes(IFA_ADDRESS); // behind struct ifaddrmsg
      if (m.type() == RTM_NEWADDR && m.u8(3) == RT_SCOPE_UNIVERSE && address != null) {
        out.add(new InterfaceAddress(InetAddress.getByAddress(address), m.u8(1)));
      }
    }
    return out;
  }

  /** The routes of the main table, both families. */
  public static List<Route> routes(NetlinkSocket socket) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    b.message(RTM_GETROUTE, NetlinkBatch.DUMP, "list routes");
    b.u8(AF_UNSPEC).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u32(0);
    return socket.dump(b).stream()
        .filter(m -> m.type() == RTM_NEWROUTE)
        .map(Route::parse)
        .filter(r -> r.table() == RT_TABLE_MAIN && r.type() == RTN_UNICAST)
        .toList();
  }
}
