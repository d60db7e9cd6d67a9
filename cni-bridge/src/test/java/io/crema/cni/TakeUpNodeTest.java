package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Rtnetlink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a daemon takes up of an earlier one, in a real kernel; needs root in a network namespace.
 */
@Tag("node")
class TakeUpNodeTest extends BridgeNodeFixture {
  /** A daemon that attaches and detaches is killed at any instant; nothing remains in the end. */
  @Test
  void aKilledDaemonLeavesNothing() throws Exception {
    network.close();
    Random random = new Random(7);
    for (int round = 0; round < 6; round++) {
      Process daemon =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-XX:+UseSerialGC",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Churn.class.getName(),
                  dir.toString())
              .redirectErrorStream(true)
              .start();
      assertThat(daemon.inputReader().readLine()).isEqualTo("ready");
      assertThat(daemon.waitFor(50 + random.nextInt(400), TimeUnit.MILLISECONDS)).isFalse();
      daemon.destroyForcibly().waitFor();
      network = reopen();
      Set<String> held = new HashSet<>();
      try (var files = Files.list(dir.resolve("run/attachments"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
          String id = file.getFileName().toString().replace(".json", "");
          network
              .addresses(id)
              .orElseThrow()
              .texts()
              .forEach(t -> assertThat(held.add(t)).isTrue());
        }
      }
      try (NodePod fresh = NodePod.create("fresh").serveTcp(80)) {
        // An id that the killed daemon can't have used for a namespace of its own.
        PodAddresses at =
            network.attach(request(90_000, fresh.netns(), port(Protocol.TCP, 9999, 80)));
        assertThat(held).doesNotContainAnyElementsOf(at.texts());
        network.reconcile(Set.of("sandbox-90000"));
        assertThat(node.tcp("127.0.0.1", 9999)).startsWith("fresh sees");
        network.detach("sandbox-90000");
      }
      network.close();
      nothingRemains();
    }
    network = reopen();
  }

  /** What the daemon that is killed does. */
  static final class Churn {
    private Churn() {}

    public static void main(String[] args) throws Exception {
      Path dir = Path.of(args[0]);
      BridgeNetwork network = BridgeNetwork.open(CONFIG, dir.resolve("state"), dir.resolve("run"));
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<?>> all = new java.util.ArrayList<>();
        for (int t = 0; t < 4; t++) {
          int base = 1000 * t;
          all.add(
              threads.submit(
                  () -> {
                    for (int i = base; ; i++) {
                      try (NodePod pod = NodePod.create("churn")) {
                        network.attach(
                            request(i, pod.netns(), port(Protocol.TCP, 10000 + i % 20000, 80)));
                        network.detach("sandbox-" + i);
                      }
                    }
                  }));
        }
        System.out.println("ready");
        for (Future<?> f : all) {
          f.get();
        }
      }
    }
  }

  @Test
  void aRestartTakesUpWhatIsThere() throws Exception {
    try (NodePod a = NodePod.create("a").serveTcp(80);
        NodePod b = NodePod.create("b")) {
      PodAddresses atA = network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80)));
      network.attach(request(2, b.netns()));
      network.close();
      network = reopen();
      assertThat(network.addresses("sandbox-1")).contains(atA);
      assertThat(network.attach(request(1, a.netns()))).isEqualTo(atA);
      assertThat(node.tcp("127.0.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      network.reconcile(Set.of("sandbox-1"));
      assertThat(network.addresses("sandbox-2")).isEmpty();
      assertThat(node.tcp("127.0.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      try (NodePod c = NodePod.create("c")) {
        assertThat(network.attach(request(3, c.netns())).texts()).contains("10.91.0.4");
      }
    }
  }

  @Test
  void anInterfaceOfNoSandboxGoesWhenTheSandboxesAreKnown() throws Exception {
    try (NodePod a = NodePod.create("a")) {
      PodAddresses at = network.attach(request(1, a.netns()));
      network.close();
      Files.delete(dir.resolve("run/attachments/sandbox-1.json"));
      network = reopen();
      try (NodePod b = NodePod.create("b")) {
        assertThat(network.attach(request(2, b.netns())).texts())
            .doesNotContainAnyElementsOf(at.texts());
        network.detach("sandbox-2");
      }
      network.reconcile(Set.of());
      try (NetlinkSocket socket = NetlinkSocket.route()) {
        assertThat(names(Rtnetlink.links(socket))).doesNotContain(at.hostInterface());
      }
    }
  }

  @ParameterizedTest(name = "record: {0}")
  @ValueSource(
      strings = {
        "gone",
        "",
        "{\"version\":",
        "{\"version\":1}",
        "{\"version\":99}",
        "{\"version\":1,\"bootId\":\"?\",\"sandboxId\":\"../x\",\"addresses\":[{\"address\":\"fe80\"}]}"
      })
  void aLivePodThatLostItsRecordKeepsItsNetwork(String content) throws Exception {
    Path record = dir.resolve("run/attachments/sandbox-1.json");
    try (NodePod a = NodePod.create("a").serveTcp(80).serveUdp(53);
        NodePod b = NodePod.create("b").serveTcp(80)) {
      PodAddresses atA =
          network.attach(
              request(
                  1,
                  a.netns(),
                  port(Protocol.TCP, 8080, 80),
                  new PortMapping(Protocol.UDP, 53, 5353, NODE_4)));
      PodAddresses atB = network.attach(request(2, b.netns(), port(Protocol.TCP, 8081, 80)));
      network.close();
      if (content.equals("gone")) {
        Files.delete(record);
      } else {
        Files.writeString(record, content);
      }
      network = reopen();
      assertThat(node.tcp("127.0.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      network.reconcile(Set.of("sandbox-1", "sandbox-2"));
      assertThat(network.addresses("sandbox-1")).contains(atA);
      assertThat(network.addresses("sandbox-2")).contains(atB);

      network.close(); // the record that was made anew is as good as the first
      network = reopen();
      network.reconcile(Set.of("sandbox-1", "sandbox-2"));
      assertThat(network.addresses("sandbox-1")).contains(atA);
      assertThat(network.attach(request(1, a.netns()))).isEqualTo(atA);
      assertThat(node.tcp("127.0.0.1", 8080)).isEqualTo("a sees 10.91.0.1");
      assertThat(node.tcp(NODE_6, 8080)).isEqualTo("a sees " + NODE_6);
      assertThat(outside.udp(NODE_4, 5353)).isEqualTo("a sees " + OUTSIDE_4);
      assertThat(node.tcp("127.0.0.1", 8081)).isEqualTo("b sees 10.91.0.1");
      try (NodePod c = NodePod.create("c")) {
        assertThatThrownBy(
                () -> network.attach(request(3, c.netns(), port(Protocol.TCP, 8080, 80))))
            .hasMessageContaining("(sandbox sandbox-1) has it already");
      }
      network.detach("sandbox-1");
      assertThatThrownBy(() -> node.tcp("127.0.0.1", 8080)).hasMessageContaining("refused");
      if (!content.equals("gone")) {
        Path bad = record.resolveSibling("sandbox-1.json.bad");
        assertThat(bad).hasContent(content);
        Files.delete(bad);
      }
    }
  }
}
