package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.crema.cni.netlink.NetlinkBatch;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Rtnetlink;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plugins of the CNI project, in a real kernel; e2e/test builds them. */
@Tag("node")
class RealPluginsNodeTest {
  @TempDir Path dir;
  private @Nullable CniNetwork opened;
  private final NodePod node = NodePod.node();

  private static String list(String version, Path state) {
    return """
        {"cniVersion": "%s", "name": "podnet", "plugins": [
          {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
           "ipam": {"type": "host-local", "dataDir": "%s", "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}],
             "ranges": [[{"subnet": "10.97.0.0/29"}], [{"subnet": "fd97::/64"}]]}},
          {"type": "tuning", "sysctl": {"net.core.somaxconn": "555"}},
          {"type": "bandwidth", "capabilities": {"bandwidth": true}},
          {"type": "portmap", "backend": "nftables", "snat": true, "capabilities": {"portMappings": true}}]}
        """
        .formatted(version, state);
  }

  @BeforeEach
  void plugins() {
    String plugins = System.getenv("CREMA_E2E_CNI");
    assumeThat(plugins).as("CREMA_E2E_CNI, which e2e/test sets").isNotBlank();
  }

  private CniNetwork open() throws NetworkException {
    CniNetwork network =
        CniNetwork.open(
            new CniNetwork.CniConfig(
                dir.resolve("net.d"),
                List.of(Path.of(System.getenv("CREMA_E2E_CNI"))),
                dir.resolve("netns"),
                Duration.ofSeconds(60)),
            dir.resolve("state"),
            dir.resolve("run"));
    opened = network;
    return network;
  }

  @AfterEach
  void removeBridge() throws Exception {
    if (opened != null) {
      opened.reconcile(Set.of());
      opened.close();
      try (NetlinkSocket socket = NetlinkSocket.route()) {
        NetlinkBatch b = new NetlinkBatch();
        Rtnetlink.deleteLink(b, "cni0");
        socket.exchange(b);
      }
      BridgeNodeFixture.run("nft", "flush", "ruleset");
    }
  }

  private static PodAttachment request(int n, NodePod pod, PortMapping... ports) {
    return new PodAttachment(
        "sandbox-" + n,
        "web-" + n,
        "default",
        "uid-" + n,
        pod.netns(),
        List.of(ports),
        Map.of(
            "kubernetes.io/ingress-bandwidth", "100M", "kubernetes.io/egress-bandwidth", "100M"));
  }

  @ParameterizedTest(name = "cniVersion {0}")
  @ValueSource(strings = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"})
  void aPodGetsAndGivesBackItsNetwork(String version) throws Exception {
    Path leases = dir.resolve("leases");
    Files.createDirectory(dir.resolve("net.d"));
    Files.writeString(dir.resolve("net.d/10.conflist"), list(version, leases));
    CniNetwork network = open();
    assertThat(network.status()).isEqualTo(NetworkStatus.ok());
    try (NodePod a = NodePod.create("a").serveTcp(80);
        NodePod b = NodePod.create("b").serveTcp(80)) {
      PodAddresses atA = network.attach(request(1, a, new PortMapping(Protocol.TCP, 80, 8080, "")));
      PodAddresses atB = network.attach(request(2, b));
      assertThat(atA.texts()).containsExactly("10.97.0.2", "fd97::2");
      assertThat(atA.mac()).matches("([0-9a-f]{2}:){5}[0-9a-f]{2}");
      assertThat(node.tcp("10.97.0.2", 80)).isEqualTo("a sees 10.97.0.1");
      assertThat(a.tcp(atB.texts().get(0), 80)).isEqualTo("b sees 10.97.0.2");
      assertThat(a.tcp(atB.texts().get(1), 80)).isEqualTo("b sees fd97::2");
      assertThat(node.tcp("10.97.0.1", 8080)).startsWith("a sees ");
      assertThat(a.in(() -> Files.readAllLines(Path.of("/proc/sys/net/core/somaxconn"))))
          .as("tuning")
          .containsExactly("555");
      assertThat(qdiscs()).as("bandwidth").contains("tbf");
      assertThat(network.stats("sandbox-1").orElseThrow().rxBytes()).isPositive();

      network.close(); // the next daemon
      network = open();
      network.reconcile(Set.of("sandbox-1", "sandbox-2"));
      assertThat(network.attach(request(1, a))).as("after CHECK").isEqualTo(atA);

      network.detach("sandbox-1");
      assertThatThrownBy(() -> node.tcp("10.97.0.1", 8080)).hasMessageContaining("refused");
      assertThat(leases.resolve("podnet/10.97.0.2")).doesNotExist();
      network.reconcile(Set.of());
      assertThat(leases.resolve("podnet/10.97.0.3")).doesNotExist();
      assertThat(dir.resolve("state/results")).isEmptyDirectory();
      assertThat(dir.resolve("netns")).isEmptyDirectory();
    }
  }

  @ParameterizedTest(name = "{0} pods in a network for five")
  @ValueSource(ints = 6)
  void anExhaustedNetworkIsSaidAndLeavesNothing(int pods) throws Exception {
    Path leases = dir.resolve("leases");
    Files.createDirectory(dir.resolve("net.d"));
    Files.writeString(dir.resolve("net.d/10.conflist"), list("1.0.0", leases));
    CniNetwork network = open();
    List<NodePod> made = new java.util.ArrayList<>();
    for (int i = 0; i < pods; i++) {
      made.add(NodePod.create("p" + i));
    }
    for (int i = 0; i < pods - 1; i++) {
      network.attach(request(i, made.get(i)));
    }
    assertThatThrownBy(() -> network.attach(request(pods, made.get(pods - 1))))
        .hasMessageStartingWith("CNI plugin bridge (ADD): code ")
        .hasMessageContaining("no IP addresses available");
    assertThat(network.addresses("sandbox-" + pods)).isEmpty();
    network.reconcile(Set.of());
    try (var left = Files.list(leases.resolve("podnet"))) {
      assertThat(left.map(f -> f.getFileName().toString())).noneMatch(f -> f.startsWith("10."));
    }
    for (NodePod pod : made) {
      pod.close();
    }
  }

  private static String qdiscs() throws Exception {
    Process p = new ProcessBuilder("/usr/sbin/tc", "qdisc", "show").start();
    return new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
