package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.nft.ForwardRules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pods beside a firewall that forwards nothing. */
@Tag("node")
class ForwardNodeTest extends BridgeNodeFixture {
  private static void policyDrop(String family, String table) throws Exception {
    run("nft", "add table " + family + " " + table);
    run(
        "nft",
        "add chain %s %s FORWARD { type filter hook forward priority 0; policy drop; }"
            .formatted(family, table));
  }

  @AfterEach
  void removeTables() throws Exception {
    for (String table : new String[] {"ip filter", "ip6 filter", "inet filter"}) {
      run("nft", "add table " + table);
      run("nft", "delete table " + table);
    }
  }

  @Test
  void podsPassIptablesForwardThatDropsByPolicy() throws Exception {
    try (NodePod a = NodePod.create("a").serveTcp(80)) {
      network.attach(request(1, a.netns(), port(Protocol.TCP, 8080, 80)));
      outside.serveTcp(81);
      policyDrop("ip", "filter"); // as Docker does when it starts
      policyDrop("ip6", "filter");
      assertThatThrownBy(() -> a.tcp(OUTSIDE_4, 81)).as("dropped").hasMessageContaining("timed");

      network.status(); // the kubelet's look at the runtime is when it is put right
      network.status();
      assertThat(rules("ip filter")).containsOnlyOnce("iifname").containsOnlyOnce("oifname");
      assertThat(a.tcp(OUTSIDE_4, 81)).isEqualTo("outside sees " + NODE_4);
      assertThat(a.tcp(OUTSIDE_6, 81)).isEqualTo("outside sees " + NODE_6);
      assertThat(outside.tcp(NODE_4, 8080)).isEqualTo("a sees " + OUTSIDE_4);
      assertThat(outside.tcp(NODE_6, 8080)).isEqualTo("a sees " + OUTSIDE_6);

      network.detach("sandbox-1");
      network.close();
      assertThat(rules("ip filter")).doesNotContain("accept");
      assertThat(rules("ip6 filter")).doesNotContain("accept");
      network = reopen();
    }
  }

  @Test
  void aFirewallThatIsSomebodysOwnIsNamedAndLeftAlone() throws Exception {
    policyDrop("inet", "filter");
    try (NetlinkSocket socket = NetlinkSocket.netfilter()) {
      assertThat(new ForwardRules(CONFIG.bridge()).apply(socket))
          .containsExactly("nftables table inet filter chain FORWARD");
    }
    assertThat(rules("inet filter")).doesNotContain("accept");
  }

  private static String rules(String table) throws IOException {
    Process p = new ProcessBuilder("/usr/sbin/nft", "list table " + table).start();
    return new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
