package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Rtnetlink;
import io.crema.cni.plugin.FakePlugins;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks of plugins that are scripts; pins namespaces, so it needs root in a node. */
@Tag("node")
class CniNetworkNodeTest {
  private static final String LIST =
      """
      {"cniVersion": "1.1.0", "name": "podnet", "plugins": [
        {"type": "first", "ipam": {"type": "x"}},
        {"type": "second", "capabilities": {"portMappings": true, "bandwidth": true, "dns": true,
          "cgroupPath": true, "ips": true, "mac": false}}]}
      """;

  @TempDir Path dir;
  private FakePlugins fakes;
  private Path confDir;
  private Path conf;
  private CniNetwork network;

  @BeforeEach
  void open() throws Exception {
    fakes = new FakePlugins(dir).good("first", "10.1.0.5").good("second", "10.1.0.6");
    confDir = Files.createDirectory(dir.resolve("net.d"));
    conf = confDir.resolve("10.conflist");
    Files.writeString(conf, LIST);
    network = reopen();
  }

  private CniNetwork reopen() throws NetworkException {
    return CniNetwork.open(config(), dir.resolve("state"), dir.resolve("run"));
  }

  private CniNetwork.CniConfig config() {
    return new CniNetwork.CniConfig(
        confDir, List.of(fakes.bin()), dir.resolve("netns"), Duration.ofSeconds(20));
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    network.close();
    assertThat(dir.resolve("state/results")).isEmptyDirectory();
    if (Files.exists(dir.resolve("netns"))) {
      assertThat(dir.resolve("netns")).isEmptyDirectory();
    }
  }

  private static PodAttachment request(NodePod pod, Map<String, String> annotations) {
    return new PodAttachment(
        "sandbox-1",
        "web",
        "default",
        "uid-1",
        pod.netns(),
        List.of(
            new PortMapping(Protocol.TCP, 80, 8080, "127.0.0.1"),
            new PortMapping(Protocol.UDP, 53, 0, "")),
        annotations,
        new PodAttachment.Dns(List.of("10.96.0.10"), List.of("cluster.local"), List.of("ndots:5")),
        "/kubepods/pod1");
  }

  private static PodAttachment request(NodePod pod) {
    return request(pod, Map.of());
  }

  @Test
  void pluginsRunInOrderWithWhatTheSpecificationSays() throws Exception {
    try (NodePod pod = NodePod.create("pod")) {
      PodAddresses at =
          network.attach(request(pod, Map.of("kubernetes.io/egress-bandwidth", "10M")));
      assertThat(at.texts()).containsExactly("10.1.0.6", "fd00::5");
      assertThat(at.mac()).isEqualTo("02:00:00:00:00:01");
      assertThat(network.addresses("sandbox-1")).contains(at);
      List<String> calls = fakes.calls();
      assertThat(calls).hasSize(2);
      assertThat(calls.get(0))
          .startsWith("ADD first {\"type\":\"first\"")
          .contains("\"name\":\"podnet\",\"cniVersion\":\"1.1.0\"")
          .doesNotContain("prevResult", "runtimeConfig");
      assertThat(calls.get(1))
          .startsWith("ADD second")
          .contains("\"prevResult\":{\"cniVersion\":\"1.0.0\"", "10.1.0.5/24", "\"kept\":true")
          .contains(
              "\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\",\"hostIP\":\"127.0.0.1\"}]")
          .contains("\"bandwidth\":{\"egressRate\":10000000,\"egressBurst\":4294967295}")
          .contains("\"cgroupPath\":\"/kubepods/pod1\"")
          .contains("\"servers\":[\"10.96.0.10\"]")
          .doesNotContain("\"ips\":[{\"hostPort", "pod-annotations");
      assertThat(fakes.environment("first", "ADD"))
          .contains(
              "CNI_CONTAINERID=sandbox-1",
              "CNI_IFNAME=eth0",
              "CNI_NETNS=" + dir.resolve("netns/crema-sandbox-1"),
              "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;"
                  + "K8S_POD_INFRA_CONTAINER_ID=sandbox-1;K8S_POD_UID=uid-1");
      assertThat(pod.tcpRefused("127.0.0.1")).as("loopback is up").isTrue();

      network.detach("sandbox-1");
      network.detach("sandbox-1");
      assertThat(fakes.verbs().subList(2, 4)).containsExactly("DEL second", "DEL first");
      assertThat(fakes.calls().get(2)).contains("\"prevResult\":", "10.1.0.6/24", "portMappings");
      assertThat(fakes.calls().get(3)).contains("\"prevResult\":", "10.1.0.6/24");
      assertThat(fakes.environment("first", "DEL"))
          .contains("CNI_NETNS=" + dir.resolve("netns/crema-sandbox-1"));
      assertThat(fakes.calls()).hasSize(4);
    }
  }

  @Test
  void theNamespaceHasThePathThatPluginsAreGiven() throws Exception {
    fakes.plugin(
        "first",
        "[ $CNI_COMMAND = ADD ] && nsenter --net=\"$CNI_NETNS\" ip link show > "
            + dir.resolve("links")
            + "; exit 0");
    try (NodePod pod = NodePod.create("pod")) {
      network.attach(request(pod));
      assertThat(dir.resolve("links")).content().contains("lo:").doesNotContain("eth0");
      network.detach("sandbox-1");
    }
  }

  @Test
  void anAddThatFailsIsFollowedByDel() throws Exception {
    fakes.plugin(
        "second",
        "[ $CNI_COMMAND = ADD ] && { echo '{\"code\":7,\"msg\":\"no such port\"}'; exit 1; }; exit 0");
    try (NodePod pod = NodePod.create("pod")) {
      assertThatThrownBy(() -> network.attach(request(pod)))
          .hasMessage("CNI plugin second (ADD): code 7: no such port");
      assertThat(fakes.verbs())
          .containsExactly("ADD first", "ADD second", "DEL second", "DEL first");
      assertThat(network.addresses("sandbox-1")).isEmpty();
    }
  }

  @Test
  void aDelThatFailsIsTriedAgainByTheNextDaemon() throws Exception {
    fakes.plugin("first", "[ $CNI_COMMAND = ADD ] && echo garbage; [ $CNI_COMMAND = ADD ]");
    try (NodePod pod = NodePod.create("pod")) {
      assertThatThrownBy(() -> network.attach(request(pod)))
          .hasMessageContaining("what it printed can't be read");
    }
    network.close();
    network = reopen();
    assertThatThrownBy(() -> network.detach("sandbox-1")).hasMessageContaining("exit status 1");
    fakes.good("first", "10.1.0.5");
    network.reconcile(Set.of());
    assertThat(fakes.verbs()).endsWith("DEL second", "DEL first", "GC first", "GC second");
  }

  @Test
  void delHasTheConfigurationAndResultOfItsAdd() throws Exception {
    try (NodePod pod = NodePod.create("pod")) {
      PodAddresses at = network.attach(request(pod));
      network.close();
      Files.writeString(conf, LIST.replace("podnet", "other").replace("second", "third"));
      network = reopen();
      assertThat(network.addresses("sandbox-1")).contains(at);
      network.reconcile(Set.of("sandbox-1"));
      assertThat(network.stats("sandbox-1")).as("the fakes make no interface").isEmpty();
      network.detach("sandbox-1");
      assertThat(fakes.verbs()).contains("DEL second", "DEL first").doesNotContain("DEL third");
      assertThat(fakes.calls().getLast()).contains("10.1.0.6/24", "\"name\":\"podnet\"");
    }
  }

  @Test
  void afterARebootDelIsToldThatThereIsNoNamespace() throws Exception {
    try (NodePod pod = NodePod.create("pod")) {
      network.attach(request(pod));
    }
    network.close();
    new NetnsPins(dir.resolve("netns")).unpin("sandbox-1"); // as a new /run
    network = reopen();
    network.detach("sandbox-1");
    assertThat(fakes.environment("first", "DEL")).contains("CNI_NETNS=");
  }

  @Test
  void aRepeatedAttachChecksAndAnswersTheSame() throws Exception {
    try (NodePod pod = NodePod.create("pod")) {
      PodAddresses at = network.attach(request(pod));
      assertThat(network.attach(request(pod))).isEqualTo(at);
      assertThat(fakes.verbs().subList(2, 4)).containsExactly("CHECK first", "CHECK second");
      fakes.plugin("first", "[ $CNI_COMMAND = CHECK ] && exit 1; echo '{}'");
      assertThat(network.attach(request(pod))).isEqualTo(at);
      assertThat(fakes.verbs().subList(4, 9))
          .containsExactly("CHECK first", "DEL second", "DEL first", "ADD first", "ADD second");
      network.detach("sandbox-1");
    }
  }

  @Test
  void gcTellsPluginsWhatIsThereAndTheRestIsDeleted() throws Exception {
    try (NodePod a = NodePod.create("a");
        NodePod b = NodePod.create("b")) {
      network.attach(request(a));
      network.attach(
          new PodAttachment("sandbox-2", "b", "default", "u", b.netns(), List.of(), Map.of()));
      network.reconcile(Set.of("sandbox-2"));
      assertThat(fakes.verbs().subList(4, 8))
          .containsExactly("DEL second", "DEL first", "GC first", "GC second");
      assertThat(fakes.calls().get(6))
          .contains(
              "\"cni.dev/valid-attachments\":[{\"containerID\":\"sandbox-2\",\"ifname\":\"eth0\"}]");
      network.detach("sandbox-2");
    }
  }

  @Test
  void statusAsksThePluginsAndNamesWhatIsWrong() throws Exception {
    assertThat(network.status()).isEqualTo(NetworkStatus.ok());
    assertThat(fakes.verbs()).containsExactly("STATUS first", "STATUS second");
    fakes.plugin("second", "echo '{\"code\":50,\"msg\":\"agent is away\"}'; exit 1");
    assertThat(network.status().message())
        .isEqualTo("CNI plugin second (STATUS): code 50: agent is away");
    Files.delete(fakes.bin().resolve("second"));
    assertThat(network.status().message())
        .isEqualTo("CNI plugin second of " + conf + " is not in " + fakes.bin());
  }

  @Test
  void aBadAnnotationIsTheRequestsFault() throws Exception {
    try (NodePod pod = NodePod.create("pod")) {
      assertThatThrownBy(
              () -> network.attach(request(pod, Map.of("kubernetes.io/egress-bandwidth", "x"))))
          .hasFieldOrPropertyWithValue("kind", NetworkException.Kind.INVALID);
      assertThat(fakes.calls()).isEmpty();
    }
  }

  @Test
  void aConfigurationThatComesLaterIsTakenAtOnce() throws Exception {
    BridgeConfig bridge = new BridgeConfig("crmtest2", "crema-test2", "10.94.0.0/24", 0);
    Files.delete(conf);
    Files.delete(confDir);
    try (NodeNetwork node =
            NodeNetwork.open(
                NodeNetwork.Mode.AUTO,
                bridge,
                config(),
                dir.resolve("nstate"),
                dir.resolve("nrun"));
        NodePod a = NodePod.create("a");
        NodePod b = NodePod.create("b")) {
      node.reconcile(Set.of());
      assertThat(node.attach(request(a)).texts()).containsExactly("10.94.0.2");
      Files.createDirectory(confDir);
      Files.writeString(conf, LIST);
      PodAttachment second =
          new PodAttachment("sandbox-2", "b", "default", "u", b.netns(), List.of(), Map.of());
      awaitStatus(node, "", "STATUS first");
      assertThat(node.attach(second).texts()).contains("10.1.0.6");
      assertThat(node.attach(request(a)).texts()).as("stays").containsExactly("10.94.0.2");
      Files.writeString(conf, "{");
      awaitStatus(node, "CNI configuration " + conf + ": it is not JSON", "");
      node.detach("sandbox-2");
      node.detach("sandbox-1");
      Files.writeString(conf, LIST);
    }
  }

  @Test
  void aNodeWithPluginsHasNoBridge() throws Exception {
    BridgeConfig bridge = new BridgeConfig("crmtest3", "crema-test3", "10.94.0.0/24", 0);
    try (NodeNetwork node =
        NodeNetwork.open(
            NodeNetwork.Mode.AUTO, bridge, config(), dir.resolve("nstate"), dir.resolve("nrun"))) {
      node.updatePodCidr("10.94.5.0/24");
      try (NetlinkSocket socket = NetlinkSocket.route()) {
        assertThat(BridgeNodeFixture.names(Rtnetlink.links(socket)))
            .contains("lo")
            .doesNotContain("crmtest3");
      }
      assertThat(node.status()).isEqualTo(NetworkStatus.ok());
    }
    Files.delete(conf);
    try (NodeNetwork node =
        NodeNetwork.open(
            NodeNetwork.Mode.CNI, bridge, config(), dir.resolve("nstate"), dir.resolve("nrun"))) {
      assertThat(node.status().message())
          .isEqualTo("there is no CNI configuration in " + confDir + " yet");
    }
  }

  /** The watch tells nobody, so that a test can only ask until it is so. */
  private void awaitStatus(NodeNetwork node, String message, String call) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!node.status().message().startsWith(message)
        || !(call.isEmpty() || fakes.verbs().contains(call))
        || (node.status().ready() && !message.isEmpty())) {
      assertThat(System.nanoTime()).as("%s", node.status()).isLessThan(end);
    }
  }
}
