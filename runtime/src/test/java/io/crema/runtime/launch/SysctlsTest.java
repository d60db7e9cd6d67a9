package io.crema.runtime.launch;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SysctlsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "net.ipv4.ip_forward",
        "net/ipv4/conf/eth0.1/arp_filter",
        "kernel.shmmax",
        "kernel.msgmnb",
        "kernel.sem",
        "fs.mqueue.msg_max",
        "kernel.domainname"
      })
  void whatTheKernelKeepsPerNamespaceIsTaken(String name) {
    assertThatCode(() -> Sysctls.of(Map.of(name, "1"))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.core_pattern",
        "vm.swappiness",
        "net/../kernel/core_pattern",
        "net/./../kernel/core_pattern",
        "/net/ipv4/ip_forward",
        "net/ipv4//ip_forward",
        "net..ipv4",
        ".net",
        "net.",
        "net",
        "net.ipv4/../../kernel/core_pattern",
        "net/ipv4\0/x",
        ""
      })
  void whatIsTheWholeNodesOrNoNameIsRefused(String name) {
    assertThatThrownBy(() -> Sysctls.of(Map.of(name, "1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sysctl");
  }

  @Test
  void whatWouldReachTheHostBecauseThePodSharesItsNamespaceIsRefused() {
    Sysctls net = Sysctls.of(Map.of("net.core.somaxconn", "1"));
    assertThatThrownBy(() -> net.checkWithin(EnumSet.of(Joined.IPC)))
        .hasMessageContaining("net.core.somaxconn: not allowed, the pod uses the host's net");
    assertThatCode(() -> net.checkWithin(EnumSet.of(Joined.NET))).doesNotThrowAnyException();
  }
}
