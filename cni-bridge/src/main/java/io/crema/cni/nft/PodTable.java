package io.crema.cni.nft;

import io.crema.cni.ipam.Cidr;
import io.crema.cni.netlink.NetlinkSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The nftables table of the pod network, as nft(8) would print it:
 *
 * <pre>
 * table inet crema {
 *   map hostports4 { type inet_proto . inet_service : ipv4_addr . inet_service }
 *   map hostips4 { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service }
 *   set pods4 { type ipv4_addr; flags interval }
 *   (and hostports6, hostips6, pods6)
 *   chain guard { type filter hook prerouting priority raw
 *     iifname != "lo" ip daddr 127.0.0.0/8 drop
 *     iifname "crema0" ip saddr 127.0.0.0/8 drop }
 *   chain prerouting { type nat hook prerouting priority dstnat
 *     fib daddr type local jump hostports }
 *   chain output { type nat hook output priority dstnat
 *     fib daddr type local jump hostports }
 *   chain hostports {
 *     mark |= 0x2000, dnat ip to meta l4proto . ip daddr . th dport map @hostips4
 *     mark |= 0x2000, dnat ip to meta l4proto . th dport map @hostports4
 *     (and for IPv6; except to ::1 where that can't work) }
 *   chain postrouting { type nat hook postrouting priority srcnat
 *     oifname "crema0" ip saddr 127.0.0.0/8 masquerade
 *     oifname "crema0" ip6 saddr ::1 masquerade
 *     oifname "crema0" meta mark & 0x2000 ip saddr @pods4 masquerade
 *     oifname != "crema0" oifname != "lo" ip saddr @pods4 masquerade
 *     (and the last two for IPv6) }
 * }
 * </pre>
 *
 * <p>The guard is what makes {@code route_localnet} harmless: without it a pod could reach what the
 * host serves on 127.0.0.1 only (CVE-2020-8558), and a neighbour of the host a host port that is
 * for 127.0.0.1 only: its packet would have the pod's address before the kernel's own check. The
 * mark's bit is that of the CNI portmap plugin; it tells connections through a host port, whose
 * answers must come back by the host, from those that kube-proxy redirects.
 *
 * <p>A port of [::1] needs {@link io.crema.cni.netlink.Rtnetlink#addLoopbackRoute} and bridged
 * packets that don't pass the IP firewall (br_netfilter): there the pod's answer would have its
 * destination ::1 back while the bridge has it, and the kernel drops every packet to ::1 that comes
 * in by another interface than lo (ip6_rcv_core). A connection to it is then refused at once.
 *
 * <p>There is no forward chain: to accept in one table doesn't overrule another table's drop.
 */
public final class PodTable {
  private static final int PRE_ROUTING = 0;
  private static final int LOCAL_OUT = 3;
  private static final int POST_ROUTING = 4;
  private static final int IPV4 = 2;
  private static final int IPV6 = 10;
  private static final int MARK = 0x2000;
  private static final List<String> MAPS =
      List.of("hostports4", "hostports6", "hostips4", "hostips6");
  private static final byte[] LOOPBACK_NET = {127, 0, 0, 0};
  private static final byte[] LOOPBACK_MASK = {(byte) 255, 0, 0, 0};
  private static final byte[] LOOPBACK_6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  // nft(8)'s numbers of types; concatenations are six bits a part (libnftables datatype.h).
  private static final int T_IPV4 = 7;
  private static final int T_IPV6 = 8;
  private static final int T_PROTO = 12;
  private static final int T_PORT = 13;

  private final String name;
  private final String bridge;

  public PodTable(String name, String bridge) {
    this.name = name;
    this.bridge = bridge;
  }

  /**
   * Makes the table what it should be, whatever is there: one transaction, so that no packet meets
   * anything in between.
   *
   * @param loopback6 whether host ports answer on [::1]
   */
  public void rebuild(
      NetlinkSocket socket, Collection<Cidr> pods, Collection<HostPort> ports, boolean loopback6)
      throws IOException {
    NftBatch b = new NftBatch(name).table().deleteTable().table();
    b.map("hostports4", T_PROTO << 6 | T_PORT, 8, T_IPV4 << 6 | T_PORT, 8);
    b.map("hostports6", T_PROTO << 6 | T_PORT, 8, T_IPV6 << 6 | T_PORT, 20);
    b.map("hostips4", T_PROTO << 12 | T_IPV4 << 6 | T_PORT, 12, T_IPV4 << 6 | T_PORT, 8);
    b.map("hostips6", T_PROTO << 12 | T_IPV6 << 6 | T_PORT, 24, T_IPV6 << 6 | T_PORT, 20);
    b.ranges("pods4", T_IPV4, 4).ranges("pods6", T_IPV6, 16);
    b.chain("guard", new NftBatch.Hook("filter", PRE_ROUTING, -300));
    b.chain("hostports");
    b.chain("prerouting", new NftBatch.Hook("nat", PRE_ROUTING, -100));
    b.chain("output", new NftBatch.Hook("nat", LOCAL_OUT, -100));
    b.chain("postrouting", new NftBatch.Hook("nat", POST_ROUTING, 100));
    guard(b);
    for (String chain : List.of("prerouting", "output")) {
      b.rule(
          chain,
          new NftRule("fib daddr type local jump hostports")
              .destinationType(0)
              .is(0, native32(2)) // RTN_LOCAL
              .jump("hostports"));
    }
    b.rule("hostports", hostIps4()).rule("hostports", hostPorts4());
    b.rule("hostports", hostIps6(loopback6)).rule("hostports", hostPorts6(loopback6));
    postrouting(b);
    for (Cidr cidr : pods) {
      addRange(b, cidr);
    }
    add(b, ports);
    b.commit(socket);
  }

  private void guard(NftBatch b) {
    b.rule(
        "guard",
        loopbackNet(
                new NftRule("iifname != lo ip daddr 127.0.0.0/8 drop")
                    .meta(NftRule.META_NFPROTO, 0)
                    .is(0, (byte) IPV4)
                    .meta(NftRule.META_IIFNAME, 0)
                    .isNot(0, NftRule.interfaceName("lo")),
                16)
            .drop());
    b.rule(
        "guard",
        loopbackNet(
                new NftRule("iifname " + bridge + " ip saddr 127.0.0.0/8 drop")
                    .meta(NftRule.META_NFPROTO, 0)
                    .is(0, (byte) IPV4)
                    .meta(NftRule.META_IIFNAME, 0)
                    .is(0, NftRule.interfaceName(bridge)),
                12)
            .drop());
  }

  /** Goes on when the address at {@code offset} of the IPv4 header is in 127.0.0.0/8. */
  private static NftRule loopbackNet(NftRule rule, int offset) {
    return rule.network(offset, 4, 0).bits(0, LOOPBACK_MASK, new byte[4]).is(0, LOOPBACK_NET);
  }

  private static NftRule marked(NftRule rule) {
    return rule.meta(NftRule.META_MARK, 15).bits(15, native32(~MARK), native32(MARK)).setMark(15);
  }

  private static NftRule hostPorts4() {
    return marked(
            new NftRule("dnat ip to meta l4proto . th dport map @hostports4")
                .meta(NftRule.META_NFPROTO, 0)
                .is(0, (byte) IPV4)
                .meta(NftRule.META_L4PROTO, 0)
                .transport(2, 2, 1)
                .lookUp("hostports4", 0, 8))
        .dnat(IPV4, 8, 9);
  }

  private static NftRule hostIps4() {
    return marked(
            new NftRule("dnat ip to meta l4proto . ip daddr . th dport map @hostips4")
                .meta(NftRule.META_NFPROTO, 0)
                .is(0, (byte) IPV4)
                .meta(NftRule.META_L4PROTO, 0)
                .network(16, 4, 1)
                .transport(2, 2, 2)
                .lookUp("hostips4", 0, 8))
        .dnat(IPV4, 8, 9);
  }

  /** Goes on except to ::1; the address is in four registers from {@code register} then. */
  private static NftRule destination6(NftRule rule, int register, boolean loopback6) {
    rule.meta(NftRule.META_NFPROTO, 0).is(0, (byte) IPV6).network(24, 16, register);
    return loopback6 ? rule : rule.isNot(register, LOOPBACK_6);
  }

  private static NftRule hostPorts6(boolean loopback6) {
    return marked(
            destination6(
                    new NftRule("dnat ip6 to meta l4proto . th dport map @hostports6"),
                    0,
                    loopback6)
                .meta(NftRule.META_L4PROTO, 0)
                .transport(2, 2, 1)
                .lookUp("hostports6", 0, 8))
        .dnat(IPV6, 8, 12);
  }

  private static NftRule hostIps6(boolean loopback6) {
    return marked(
            destination6(
                    new NftRule("dnat ip6 to meta l4proto . ip6 daddr . th dport map @hostips6"),
                    1,
                    loopback6)
                .meta(NftRule.META_L4PROTO, 0)
                .transport(2, 2, 5)
                .lookUp("hostips6", 0, 8))
        .dnat(IPV6, 8, 12);
  }

  private void postrouting(NftBatch b) {
    byte[] to = NftRule.interfaceName(bridge);
    b.rule(
        "postrouting",
        loopbackNet(
                new NftRule("oifname " + bridge + " ip saddr 127.0.0.0/8 masquerade")
                    .meta(NftRule.META_NFPROTO, 0)
                    .is(0, (byte) IPV4)
                    .meta(NftRule.META_OIFNAME, 0)
                    .is(0, to),
                12)
            .masquerade());
    b.rule(
        "postrouting",
        new NftRule("oifname " + bridge + " ip6 saddr ::1 masquerade")
            .meta(NftRule.META_NFPROTO, 0)
            .is(0, (byte) IPV6)
            .meta(NftRule.META_OIFNAME, 0)
            .is(0, to)
            .network(8, 16, 0)
            .is(0, LOOPBACK_6)
            .masquerade());
    for (int family : new int[] {IPV4, IPV6}) {
      String set = family == IPV4 ? "pods4" : "pods6";
      int source = family == IPV4 ? 12 : 8;
      int length = family == IPV4 ? 4 : 16;
      b.rule(
          "postrouting",
          new NftRule("oifname " + bridge + " meta mark & 0x2000 saddr @" + set + " masquerade")
              .meta(NftRule.META_NFPROTO, 0)
              .is(0, (byte) family)
              .meta(NftRule.META_OIFNAME, 0)
              .is(0, to)
              .meta(NftRule.META_MARK, 0)
              .bits(0, native32(MARK), new byte[4])
              .is(0, native32(MARK))
              .network(source, length, 0)
              .isIn(set, 0)
              .masquerade());
      b.rule(
          "postrouting",
          new NftRule("oifname != { " + bridge + ", lo } saddr @" + set + " masquerade")
              .meta(NftRule.META_NFPROTO, 0)
              .is(0, (byte) family)
              .meta(NftRule.META_OIFNAME, 0)
              .isNot(0, to)
              .isNot(0, NftRule.interfaceName("lo"))
              .network(source, length, 0)
              .isIn(set, 0)
              .masquerade());
    }
  }

  /** Marks and route types are in the machine's byte order. */
  private static byte[] native32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  private static void addRange(NftBatch b, Cidr cidr) {
    b.addRange(cidr.isIpv4() ? "pods4" : "pods6", cidr.network().getAddress(), cidr.endExclusive());
  }

  /** Adds all of the ports or none. */
  public void add(NetlinkSocket socket, Collection<HostPort> ports) throws IOException {
    NftBatch b = new NftBatch(name);
    add(b, ports);
    b.commit(socket);
  }

  private static void add(NftBatch b, Collection<HostPort> ports) {
    for (String map : MAPS) {
      b.add(map, elements(ports, map));
    }
  }

  private static List<NftBatch.Element> elements(Collection<HostPort> ports, String map) {
    return ports.stream().filter(p -> p.map().equals(map)).map(HostPort::element).toList();
  }

  /** Removes all of the ports; fails and removes none if one isn't there. */
  public void remove(NetlinkSocket socket, Collection<HostPort> ports) throws IOException {
    NftBatch b = new NftBatch(name);
    for (String map : MAPS) {
      b.delete(map, elements(ports, map));
    }
    b.commit(socket);
  }

  /** The host ports that are in the table now. */
  public List<HostPort> ports(NetlinkSocket socket) throws IOException {
    List<HostPort> out = new ArrayList<>();
    for (String map : MAPS) {
      for (NftBatch.Element e : NftBatch.elements(socket, name, map)) {
        out.add(HostPort.of(map, e));
      }
    }
    return out;
  }

  /** Whether the table is there. */
  public boolean exists(NetlinkSocket socket) throws IOException {
    return NftBatch.exists(socket, name);
  }

  /** Removes the table, when nothing shall remain of the network; fine if there is none. */
  public void drop(NetlinkSocket socket) throws IOException {
    new NftBatch(name).table().deleteTable().commit(socket);
  }
}
