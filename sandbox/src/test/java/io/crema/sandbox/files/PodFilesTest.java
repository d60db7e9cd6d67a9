package io.crema.sandbox.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.sandbox.model.DnsConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class PodFilesTest {
  @Test
  void resolvConfHasSearchesServersAndOptions() {
    assertThat(
            ResolvConf.of(
                new DnsConfig(
                    List.of("10.96.0.10", "fd00::a"),
                    List.of("default.svc", "svc"),
                    List.of("ndots:5", "edns0"))))
        .isEqualTo(
            """
            search default.svc svc
            nameserver 10.96.0.10
            nameserver fd00::a
            options ndots:5 edns0
            """);
  }

  @Test
  void anEmptyDnsConfigurationIsAnEmptyFile() {
    assertThat(ResolvConf.of(new DnsConfig(List.of(), List.of(), List.of()))).isEmpty();
  }

  @Test
  void hostsNamesThePodUnderEachOfItsAddresses() {
    assertThat(Hosts.of(List.of("10.88.0.2", "fd00::2"), "web"))
        .contains("127.0.0.1\tlocalhost\n")
        .endsWith("10.88.0.2\tweb\nfd00::2\tweb\n");
  }
}
