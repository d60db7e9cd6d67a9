package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.netlink.Link;
import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ways through host ports in a real kernel; needs root in a network namespace of its own. */
@Tag("node")
class HostPortsNodeTest extends BridgeNodeFixture {
  @ParameterizedTest(name = "bridged packets pass the IP firewall: {0}")
  @ValueSource(strings = {"0", "1"})
  void everyWayLeadsToThePod(String bridgeNetfilter) throws Exception {
    Path sysctl = Path.of("/proc/sys/net/bridge/bridge-nf-call-iptables");
    if (Files.exists(sysctl)) {
      Files.writeString(sysctl, bridgeNetfilter);
      Files.writeString(sysctl.resolveSibling("bridge-nf-call-ip6tables"), bridgeNetfilter);
    }
    try (NodePod a = NodePod.create("a").serveTcp(80).serveUdp(53);
        NodePod b = NodePod.create("b").serveTcp(80)) {
      PodAddresses atA =
          network.attach(
              request(
                  1,
                  a.netns(),
                  port(Protocol.TCP, 8080, 80),
                  port(Protocol.UDP, 5353, 53),
                  new PortMapping(Protocol.TCP, 80, 8081, NODE_4),
                  new PortMapping(Protocol.TCP, 80, 8082, "127.0.0.1")));
      PodAddresses atB = network.attach(request(2, b.netns()));
      String a4 = atA.texts().get(0);
      String a6 = atA.texts().get(1);
      String b4 = atB.texts().get(0);
      String b6 = atB.texts().get(1);
      assertThat(atA.texts()).containsExactly("10.91.0.2", "fd91::2");
      assertThat(atA.mtu()).isEqualTo(1400); // of the default route's interface
      assertThat(atA.mac()).isEqualTo("0a:58:0a:5b:00:02");
      long lost = node.synRetransmissions();

      // pod to pod, pod to itself
      assertThat(a.tcp(b4, 80)).isEqualTo("b sees " + a4);
      assertThat(a.tcp(b6, 80)).isEqualTo("b sees " + a6);
      assertThat(a.tcp("127.0.0.1", 80)).isEqualTo("a sees 127.0.0.1");
      assertThat(a.tcp("::1", 80)).isEqualTo("a sees ::1");
      // node to pod, pod to node
      assertThat(node.tcp(a4, 80)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.tcp(a6, 80)).isEqualTo("a sees fd91::1");
      assertThat(node.udp(a4, 53)).isEqualTo("a sees 10.91.0.1");
      node.serveTcp(9000);
      assertThat(a.tcp("10.91.0.1", 9000)).isEqualTo("node sees " + a4);
      assertThat(a.tcp(NODE_4, 9000)).isEqualTo("node sees " + a4);
      assertThat(a.tcp(NODE_6, 9000)).isEqualTo("node sees " + a6);
      // pod to outside
      outside.serveTcp(81).serveUdp(82);
      assertThat(a.tcp(OUTSIDE_4, 81)).isEqualTo("outside sees " + NODE_4);
      assertThat(a.tcp(OUTSIDE_6, 81)).isEqualTo("outside sees " + NODE_6);
      assertThat(a.udp(OUTSIDE_4, 82)).isEqualTo("outside sees " + NODE_4);
      // host ports: from outside, from the node by each of its addresses, from the pods
      assertThat(outside.tcp(NODE_4, 8080)).isEqualTo("a sees " + OUTSIDE_4);
      assertThat(outside.tcp(NODE_6, 8080)).isEqualTo("a sees " + OUTSIDE_6);
      assertThat(outside.udp(NODE_4, 5353)).isEqualTo("a sees " + OUTSIDE_4);
      assertThat(outside.udp(NODE_6, 5353)).isEqualTo("a sees " + OUTSIDE_6);
      assertThat(outside.tcp(NODE_4, 8081)).isEqualTo("a sees " + OUTSIDE_4);
      assertThat(node.tcp(NODE_4, 8080)).isEqualTo("a sees " + NODE_4);
      assertThat(node.tcp(NODE_4, 8081)).isEqualTo("a sees " + NODE_4);
      assertThat(node.tcp(NODE_6, 8080)).isEqualTo("a sees " + NODE_6);
      assertThat(node.tcp("10.91.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.tcp("127.0.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.tcp("127.0.0.1", 8082)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.udp("127.0.0.1", 5353)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.udp(NODE_4, 5353)).isEqualTo("a sees " + NODE_4);
      assertThat(node.udp(NODE_6, 5353)).isEqualTo("a sees " + NODE_6);
      assertThat(node.udp("10.91.0.1", 5353)).isEqualTo("a sees 10.91.0.1");
      assertThat(b.udp(NODE_4, 5353)).startsWith("a sees ");
      assertThat(b.udp(NODE_6, 5353)).startsWith("a sees ");
      assertThat(b.tcp(NODE_4, 8080)).startsWith("a sees ");
      assertThat(b.tcp(NODE_6, 8080)).startsWith("a sees ");
      assertThat(a.tcp(NODE_4, 8080)).startsWith("a sees ");
      assertThat(a.tcp(NODE_6, 8080)).startsWith("a sees ");
      assertThat(a.tcp("10.91.0.1", 8080)).startsWith("a sees ");
      assertThat(a.udp(NODE_4, 5353)).startsWith("a sees ");
      assertThat(a.udp(NODE_6, 5353)).startsWith("a sees ");
      assertThat(a.udp("10.91.0.1", 5353)).startsWith("a sees ");
      // A first packet that is lost costs its sender a second, and nobody would notice here.
      assertThat(node.synRetransmissions()).isEqualTo(lost);
      assertThat(a.synRetransmissions()).isZero();
      assertThat(b.synRetransmissions()).isZero();

      // what must not work
      assertThatThrownBy(() -> outside.tcp(NODE_4, 8082)).isInstanceOf(IOException.class);

      assertThat(network.status()).isEqualTo(NetworkStatus.ok()); // looks at br_netfilter anew
      if (bridgeNetfilter.equals("0")) {
        assertThat(node.tcp("::1", 8080)).isEqualTo("a sees fd91::1");
        assertThat(node.udp("::1", 5353)).isEqualTo("a sees fd91::1");
      } else {
        assertThatThrownBy(() -> node.tcp("::1", 8080))
            .as("refused at once, not lost")
            .hasMessageContaining("refused");
      }

      InterfaceStats stats = network.stats("sandbox-1").orElseThrow();
      assertThat(stats.rxBytes()).isPositive();
      assertThat(stats.txPackets()).isPositive();
      network.detach("sandbox-1");
      assertThatThrownBy(() -> node.tcp("127.0.0.1", 8080)).hasMessageContaining("refused");
    }
  }

  @Test
  void aHostPortHasOneOwner() throws Exception {
    try (NodePod a = NodePod.create("a");
        NodePod b = NodePod.create("b").serveTcp(80)) {
      network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80)));
      assertThatThrownBy(() -> network.attach(request(2, b.netns(), port(Protocol.TCP, 8080, 80))))
          .isInstanceOf(NetworkException.class)
          .hasMessage(
              "TCP host port 8080: pod default/pod-1 (sandbox sandbox-1) has it already;"
                  + " pod default/pod-2 can't have it too");
      assertThat(network.addresses("sandbox-2")).isEmpty();
      network.detach("sandbox-1");
      network.attach(request(2, b.netns(), port(Protocol.TCP, 8080, 80)));
      assertThat(node.tcp(NODE_4, 8080)).startsWith("b sees");
    }
  }

  @Test
  void aUdpClientThatKeepsItsPortFollowsTheHostPort() throws Exception {
    try (NodePod a = NodePod.create("a").serveUdp(53);
        NodePod b = NodePod.create("b").serveUdp(53);
        DatagramSocket client = outside.in(() -> new DatagramSocket(4444))) {
      client.setSoTimeout(3000);
      assertThat(ask(client, false)).isEmpty(); // the kernel notes that it leads to the node itself
      network.attach(request(1, a.netns(), port(Protocol.UDP, 5353, 53)));
      network.awaitClients();
      assertThat(ask(client, true)).startsWith("a sees");
      network.detach("sandbox-1");
      network.attach(request(2, b.netns(), port(Protocol.UDP, 5353, 53)));
      network.awaitClients();
      assertThat(ask(client, true)).startsWith("b sees");
    }
  }

  /** Without SCTP in the kernel: an association's first packet, which a raw socket sees. */
  @Test
  void aHostPortTakesSctpToo() throws Exception {
    try (NodePod a = NodePod.create("a");
        Fd inPod = a.in(() -> Sockets.linux().socket(Sockets.AF_INET, Sockets.SOCK_RAW, 132));
        Epoll epoll = Epoll.open()) {
      network.attach(request(1, a.netns(), port(Protocol.SCTP, 7000, 70)));
      Link out = link("out0");
      outside.send(
          out.peer(),
          RawPackets.sctpInit(
              java.util.Objects.requireNonNull(out.mac()),
              new byte[] {2, 0, 0, 0, 0, 1},
              OUTSIDE_4,
              NODE_4,
              7000));
      epoll.add(inPod, Epoll.IN, 1);
      assertThat(epoll.await(1, 3000)).hasSize(1);
      byte[] packet = new byte[200];
      int length = Descriptors.linux().read(inPod, packet, 0, packet.length);
      ByteBuffer sctp = ByteBuffer.wrap(packet, 20, length - 20).slice();
      assertThat(sctp.getShort(0)).as("source port").isEqualTo((short) 4000);
      assertThat(sctp.getShort(2)).as("destination port").isEqualTo((short) 70);
      assertThat(sctp.order(ByteOrder.LITTLE_ENDIAN).getInt(8))
          .as("checksum")
          .isEqualTo(RawPackets.crc32c(packet, 20, length - 20));
    }
  }

  @Test
  void aPortOfOneAddressAndAPortOfAllExcludeEachOther() throws Exception {
    try (NodePod a = NodePod.create("a");
        NodePod b = NodePod.create("b").serveTcp(80);
        NodePod c = NodePod.create("c").serveTcp(80)) {
      network.attach(request(1, a.netns(), new PortMapping(Protocol.TCP, 80, 8080, NODE_4)));
      assertThatThrownBy(() -> network.attach(request(2, b.netns(), port(Protocol.TCP, 8080, 80))))
          .hasMessage(
              "TCP host port 8080: pod default/pod-1 (sandbox sandbox-1) has it already;"
                  + " pod default/pod-2 can't have it too");
      network.attach(request(2, b.netns(), new PortMapping(Protocol.TCP, 80, 8080, "127.0.0.1")));
      network.attach(
          request(3, c.netns(), port(Protocol.UDP, 8080, 80), port(Protocol.TCP, 0, 80)));
      assertThat(node.tcp("127.0.0.1", 8080)).startsWith("b sees");
      assertThatThrownBy(() -> node.tcp(NODE_6, 8080)).hasMessageContaining("refused");
    }
  }

  private static String ask(DatagramSocket client, boolean answered) throws IOException {
    client.send(
        new DatagramPacket(
            new byte[1], 1, new InetSocketAddress(InetAddress.ofLiteral(NODE_4), 5353)));
    if (!answered) {
      return "";
    }
    DatagramPacket p = new DatagramPacket(new byte[100], 100);
    client.receive(p);
    return new String(p.getData(), 0, p.getLength(), StandardCharsets.UTF_8);
  }

  @Test
  void aFlushedTableIsMadeAnew() throws Exception {
    try (NodePod a = NodePod.create("a").serveTcp(80);
        NodePod b = NodePod.create("b").serveTcp(80)) {
      network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80)));
      flush();
      network.attach(request(2, b.netns(), port(Protocol.TCP, 8081, 80)));
      assertThat(node.tcp("127.0.0.1", 8080)).startsWith("a sees");
      assertThat(node.tcp("127.0.0.1", 8081)).startsWith("b sees");
      flush();
      network.detach("sandbox-1");
      assertThat(node.tcp("127.0.0.1", 8081)).startsWith("b sees");
      flush();
      assertThat(network.status()).isEqualTo(NetworkStatus.ok());
      assertThat(node.tcp("127.0.0.1", 8081)).startsWith("b sees");
    }
  }
}
