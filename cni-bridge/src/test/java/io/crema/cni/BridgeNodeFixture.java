package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.cni.ipam.IpText;
import io.crema.cni.netlink.Link;
import io.crema.cni.netlink.NetlinkBatch;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Route;
import io.crema.cni.netlink.Rtnetlink;
import io.crema.cni.nft.PodTable;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A built-in network in a real kernel, with an outside that the node reaches by a link of its own;
 * what is left of it is a test's failure. Needs root in a network namespace of its own.
 */
abstract class BridgeNodeFixture {
  static final BridgeConfig CONFIG =
      new BridgeConfig("crmtest0", "crema-test", "10.91.0.0/24,fd91::/64", 0);
  static final String NODE_4 = "192.0.2.1"; // towards the outside (TEST-NET-1)
  static final String OUTSIDE_4 = "192.0.2.2";
  static final String NODE_6 = "2001:db8::1";
  static final String OUTSIDE_6 = "2001:db8::2";

  @TempDir Path dir;
  BridgeNetwork network;
  NodePod outside;
  final NodePod node = NodePod.node();
  private List<String> linksBefore;

  @BeforeEach
  void open() throws Exception {
    outside = NodePod.create("outside");
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      linksBefore = names(Rtnetlink.links(socket));
      NetlinkBatch b = new NetlinkBatch();
      Rtnetlink.createVeth(
          b, "out0", 0, 1400, outside.netns(), "eth0", new byte[] {2, 0, 0, 0, 0, 1});
      Rtnetlink.getLink(b, "out0", false);
      Link out = Rtnetlink.link(socket.exchange(b)).orElseThrow();
      NetlinkBatch addresses = new NetlinkBatch();
      Rtnetlink.addAddress(addresses, out.index(), "out0", InetAddress.ofLiteral(NODE_4), 24);
      Rtnetlink.addAddress(addresses, out.index(), "out0", InetAddress.ofLiteral(NODE_6), 64);
      Rtnetlink.addDefaultRoute(addresses, out.index(), InetAddress.ofLiteral(OUTSIDE_4));
      socket.exchange(addresses);
      try (NetlinkSocket there = NetlinkSocket.routeIn(outside.netns())) {
        NetlinkBatch o = new NetlinkBatch();
        Rtnetlink.setUp(o, 1, "lo");
        Rtnetlink.setUp(o, out.peer(), "eth0");
        Rtnetlink.addAddress(o, out.peer(), "eth0", InetAddress.ofLiteral(OUTSIDE_4), 24);
        Rtnetlink.addAddress(o, out.peer(), "eth0", InetAddress.ofLiteral(OUTSIDE_6), 64);
        there.exchange(o);
      }
    }
    network = reopen();
  }

  BridgeNetwork reopen() throws Exception {
    return BridgeNetwork.open(CONFIG, dir.resolve("state"), dir.resolve("run"));
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    for (int i = 0; i < 100; i++) {
      network.detach("sandbox-" + i);
    }
    network.close();
    outside.close();
    node.close();
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      NetlinkBatch b = new NetlinkBatch();
      Rtnetlink.deleteLink(b, "out0"); // takes a while, and its end is waited for
      socket.exchange(b);
      assertThat(names(Rtnetlink.links(socket))).isEqualTo(linksBefore);
    }
    nothingRemains();
  }

  final void nothingRemains() throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      List<String> expected = new java.util.ArrayList<>(linksBefore);
      expected.add("out0");
      assertThat(expected).containsAll(names(Rtnetlink.links(socket)));
      assertThat(Rtnetlink.routes(socket))
          .noneMatch(r -> CONFIG.podCidr().contains(String.valueOf(destination(r))));
    }
    try (var files = Files.list(dir.resolve("run/attachments"))) {
      assertThat(files).isEmpty();
    }
    try (NetlinkSocket socket = NetlinkSocket.netfilter()) {
      assertThat(table().exists(socket)).isFalse();
    }
  }

  private static String destination(Route r) {
    return r.destination() == null ? "default" : IpText.format(r.destination());
  }

  static PodTable table() {
    return new PodTable(CONFIG.table(), CONFIG.bridge());
  }

  static void flush() throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.netfilter()) {
      table().drop(socket);
    }
  }

  /** Runs one of the node's own programs, which tests may use. */
  static void run(String... command) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
    assertThat(builder.start().waitFor()).as(String.join(" ", command)).isZero();
  }

  static Link link(String name) throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      NetlinkBatch b = new NetlinkBatch();
      Rtnetlink.getLink(b, name, false);
      return Rtnetlink.link(socket.exchange(b)).orElseThrow();
    }
  }

  static List<String> names(List<Link> links) {
    return links.stream().map(Link::name).sorted().toList();
  }

  static PodAttachment request(int n, Fd netns, PortMapping... ports) {
    return new PodAttachment(
        "sandbox-" + n, "pod-" + n, "default", "uid-" + n, netns, List.of(ports), Map.of());
  }

  static PortMapping port(Protocol protocol, int host, int container) {
    return new PortMapping(protocol, container, host, "");
  }
}
