package io.crema.cni.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.ipam.IpText;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CniResultTest {
  private static List<String> addresses(String json) {
    return CniResult.parse(NetworkList.object(json), "eth0").addresses().stream()
        .map(a -> IpText.format(a.address()))
        .toList();
  }

  @Test
  void resultsOfAllVersionsAreRead() {
    assertThat(
            addresses(
                "{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.1.0.2/24\"},\"ip6\":{\"ip\":\"fd00::2/64\"}}"))
        .containsExactly("10.1.0.2", "fd00::2");
    assertThat(
            addresses(
                "{\"cniVersion\":\"0.3.1\",\"ips\":[{\"version\":\"4\",\"address\":\"10.1.0.2/24\"}]}"))
        .containsExactly("10.1.0.2");
    CniResult newest =
        CniResult.parse(
            NetworkList.object(
                """
                {"cniVersion":"1.1.0",
                 "interfaces":[{"name":"veth1"},{"name":"eth0","mac":"aa:bb:cc:00:00:01","mtu":1400,"sandbox":"/run/netns/x"},
                               {"name":"net1","sandbox":"/run/netns/x"}],
                 "ips":[{"address":"fd00::2/64","interface":1},{"address":"10.9.0.2/24","interface":2},
                        {"address":"10.1.0.2/24","gateway":"10.1.0.1","interface":1}]}
                """),
            "eth0");
    assertThat(newest.addresses())
        .extracting(a -> IpText.format(a.address()))
        .containsExactly("10.1.0.2", "fd00::2");
    assertThat(newest.mac()).isEqualTo("aa:bb:cc:00:00:01");
    assertThat(newest.mtu()).isEqualTo(1400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                                    | no address for eth0",
        "{\"ips\":[]}                                          | no address for eth0",
        "{\"ips\":[{\"address\":\"nonsense\"}]}                | \"nonsense\" is not an IP address",
        "{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":3}]} | names interface 3 of 0",
        "{\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":\"0\"}]} | names interface \"0\" of 0",
      })
  void whatIsWrongIsSaid(String json, String problem) {
    assertThatThrownBy(() -> addresses(json)).hasMessageContaining(problem);
  }
}
