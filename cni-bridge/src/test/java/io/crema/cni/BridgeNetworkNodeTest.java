package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.ipam.IpText;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The built-in network in a real kernel; needs root in a network namespace of its own. */
@Tag("node")
class BridgeNetworkNodeTest extends BridgeNodeFixture {
  @Test
  void attachingAgainAnswersTheSame() throws Exception {
    try (NodePod a = NodePod.create("a")) {
      PodAddresses first = network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80)));
      assertThat(network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80))))
          .isEqualTo(first);
      network.detach("sandbox-1");
      network.detach("sandbox-1");
    }
  }

  @Test
  void anAddressComesAgainOnlyWhenTheInterfaceIsGone() throws Exception {
    BridgeConfig tiny = new BridgeConfig("crmtest1", "crema-test1", "10.92.0.0/30", 0);
    try (BridgeNetwork one = BridgeNetwork.open(tiny, dir.resolve("s1"), dir.resolve("r1"));
        NodePod b = NodePod.create("b")) {
      NodePod a = NodePod.create("a");
      assertThat(one.attach(request(1, a.netns())).texts()).containsExactly("10.92.0.2");
      assertThatThrownBy(() -> one.attach(request(2, b.netns())))
          .hasMessageContaining("no address is free in pod CIDR 10.92.0.0/30: 1 of 1");
      one.detach("sandbox-1");
      a.close(); // the kernel takes its time; attach waits for it
      assertThat(one.attach(request(2, b.netns())).texts()).containsExactly("10.92.0.2");
      one.detach("sandbox-2");
    }
  }

  @Test
  void anotherPodCidrIsForNewPods() throws Exception {
    try (NodePod a = NodePod.create("a").serveTcp(80);
        NodePod b = NodePod.create("b").serveTcp(80)) {
      network.attach(request(1, a.netns()));
      network.updatePodCidr("10.93.1.0/24");
      assertThat(network.attach(request(2, b.netns())).texts()).containsExactly("10.93.1.2");
      outside.serveTcp(81);
      assertThat(b.tcp(OUTSIDE_4, 81)).isEqualTo("outside sees " + NODE_4);
      assertThat(a.tcp(OUTSIDE_4, 81)).isEqualTo("outside sees " + NODE_4);
      assertThat(a.tcp("10.93.1.2", 80)).startsWith("b sees");
      network.close();
      network = reopen();
      try (NodePod c = NodePod.create("c")) {
        assertThat(network.attach(request(3, c.netns())).texts()).containsExactly("10.93.1.3");
      }
      assertThat(a.tcp(OUTSIDE_4, 81)).isEqualTo("outside sees " + NODE_4);
      assertThatThrownBy(() -> network.updatePodCidr("192.0.2.0/24"))
          .hasMessageContaining("192.0.2.0/24")
          .hasMessageContaining("interface out0");
    }
  }

  @Test
  void manyAtOnce() throws Exception {
    int pods = 32;
    Set<String> seen = new HashSet<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 3; round++) {
        List<NodePod> made = new java.util.ArrayList<>();
        for (int i = 0; i < pods; i++) {
          made.add(NodePod.create("p" + i));
        }
        int base = round * pods;
        List<Future<PodAddresses>> done = new java.util.ArrayList<>();
        for (int i = 0; i < pods; i++) {
          PodAttachment r =
              request(base + i, made.get(i).netns(), port(Protocol.TCP, 10000 + base + i, 80));
          done.add(threads.submit(() -> network.attach(r)));
        }
        for (Future<PodAddresses> f : done) {
          assertThat(seen.add(IpText.format(f.get().all().getFirst()))).isTrue();
        }
        List<Future<?>> gone = new java.util.ArrayList<>();
        for (int i = 0; i < pods; i++) {
          String id = "sandbox-" + (base + i);
          NodePod pod = made.get(i);
          gone.add(
              threads.submit(
                  () -> {
                    network.detach(id);
                    pod.close();
                    return null;
                  }));
        }
        for (Future<?> f : gone) {
          f.get();
        }
      }
    }
  }
}
