package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.cni.netlink.Link;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * CVE-2020-8558: the bridge accepts packets to 127.0.0.1, so that host ports answer there; what a
 * pod or a neighbour of the host sends to that address must not arrive all the same. Each test
 * shows that it would without the guard.
 */
@Tag("node")
class LoopbackGuardNodeTest extends BridgeNodeFixture {
  private static final byte[] BRIDGE_MAC = HexFormat.of().parseHex("0a580a5b0001");
  private static final byte[] POD_MAC = HexFormat.of().parseHex("0a580a5b0002");
  private static final byte[] OUTSIDE_MAC = {2, 0, 0, 0, 0, 1};

  /** Takes the guard's rules out, as somebody could who doesn't know what they are for. */
  private static void removeGuard() throws IOException, InterruptedException {
    run("nft", "flush", "chain", "inet", CONFIG.table(), "guard");
  }

  private static DatagramSocket server(String address, int port) throws IOException {
    return new DatagramSocket(port, InetAddress.ofLiteral(address));
  }

  /** Whether a datagram is there or comes within {@code millis}. */
  private static boolean gets(DatagramSocket socket, int millis) throws IOException {
    socket.setSoTimeout(millis);
    try {
      socket.receive(new DatagramPacket(new byte[10], 10));
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  @Test
  void aPodsPacketTo127001DoesntArrive() throws Exception {
    try (NodePod a = NodePod.create("a");
        DatagramSocket loopbackOnly = server("127.0.0.1", 9001);
        DatagramSocket marker = server("10.91.0.1", 9002)) {
      network.attach(request(1, a.netns()));
      int eth0 = peer("sandbox-1");
      byte[] attack = RawPackets.udp4(BRIDGE_MAC, POD_MAC, "10.91.0.2", "127.0.0.1", 9001);
      byte[] honest = RawPackets.udp4(BRIDGE_MAC, POD_MAC, "10.91.0.2", "10.91.0.1", 9002);

      a.send(eth0, attack);
      a.send(eth0, honest);
      assertThat(gets(marker, 3000)).as("what was sent afterwards").isTrue();
      assertThat(gets(loopbackOnly, 200)).as("with the guard").isFalse();

      removeGuard();
      a.send(eth0, attack);
      assertThat(gets(loopbackOnly, 3000)).as("without the guard").isTrue();
    }
  }

  /** The kernel refuses it too, unless it is told to take its own addresses from elsewhere. */
  @Test
  void aPodCantSayThatItIs127001() throws Exception {
    Files.writeString(Path.of("/proc/sys/net/ipv4/conf/" + CONFIG.bridge() + "/accept_local"), "1");
    try (NodePod a = NodePod.create("a");
        DatagramSocket marker = server("10.91.0.1", 9002)) {
      network.attach(request(1, a.netns()));
      int eth0 = peer("sandbox-1");
      byte[] attack = RawPackets.udp4(BRIDGE_MAC, POD_MAC, "127.0.0.1", "10.91.0.1", 9002);
      a.send(eth0, attack);
      assertThat(gets(marker, 200)).as("with the guard").isFalse();
      removeGuard();
      a.send(eth0, attack);
      assertThat(gets(marker, 3000)).as("without the guard").isTrue();
    }
  }

  @Test
  void aNeighboursPacketTo127001DoesntReachAHostPortOfThatAddress() throws Exception {
    try (NodePod a = NodePod.create("a");
        DatagramSocket inPod = a.in(() -> new DatagramSocket(53))) {
      network.attach(
          request(
              1,
              a.netns(),
              new PortMapping(Protocol.UDP, 53, 5353, "127.0.0.1"),
              port(Protocol.UDP, 5454, 53)));
      Link out = link("out0");
      byte[] mac = java.util.Objects.requireNonNull(out.mac());
      byte[] attack = RawPackets.udp4(mac, OUTSIDE_MAC, OUTSIDE_4, "127.0.0.1", 5353);
      byte[] honest = RawPackets.udp4(mac, OUTSIDE_MAC, OUTSIDE_4, NODE_4, 5454);

      outside.send(out.peer(), attack);
      outside.send(out.peer(), honest);
      assertThat(gets(inPod, 3000)).as("what was sent afterwards").isTrue();
      assertThat(gets(inPod, 200)).as("with the guard").isFalse();

      removeGuard();
      outside.send(out.peer(), attack);
      assertThat(gets(inPod, 3000)).as("without the guard").isTrue();
    }
  }

  /** The kernel itself sees to it (ip6_rcv_core), whatever routes there are. */
  @Test
  void aPodsPacketToTheIpv6LoopbackDoesntArrive() throws Exception {
    try (NodePod a = NodePod.create("a");
        DatagramSocket loopbackOnly = server("::1", 9001);
        DatagramSocket marker = server("fd91::1", 9002)) {
      network.attach(request(1, a.netns()));
      int eth0 = peer("sandbox-1");
      a.send(eth0, RawPackets.udp6(BRIDGE_MAC, POD_MAC, "fd91::2", "::1", 9001));
      a.send(eth0, RawPackets.udp6(BRIDGE_MAC, POD_MAC, "fd91::2", "fd91::1", 9002));
      assertThat(gets(marker, 3000)).as("what was sent afterwards").isTrue();
      assertThat(gets(loopbackOnly, 200)).isFalse();
    }
  }

  private int peer(String sandboxId) throws IOException {
    return link(network.addresses(sandboxId).orElseThrow().hostInterface()).peer();
  }
}
