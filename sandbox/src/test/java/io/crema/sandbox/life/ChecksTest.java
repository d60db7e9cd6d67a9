package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.launch.UserMap;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.IdMapping;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.UserNamespace;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChecksTest {
  @Test
  void aPlainPodPasses() {
    assertThatCode(() -> PodChecks.check(TestConfigs.pod(TestConfigs.NAMESPACES, "web", "/logs")))
        .doesNotThrowAnyException();
  }

  @Test
  void aUserNamespaceOfAContainerIsRefused() {
    NamespaceOptions namespaces =
        new NamespaceOptions(
            NamespaceMode.POD,
            NamespaceMode.CONTAINER,
            NamespaceMode.POD,
            "",
            new UserNamespace(NamespaceMode.TARGET, List.of(), List.of()));
    assertThatThrownBy(() -> PodChecks.check(TestConfigs.pod(namespaces, "web", "")))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("user namespace mode TARGET")
        .extracting(e -> ((SandboxException) e).code())
        .isEqualTo(SandboxException.Code.INVALID_ARGUMENT);
  }

  private static NamespaceOptions users(List<IdMapping> uids, List<IdMapping> gids) {
    return new NamespaceOptions(
        NamespaceMode.POD,
        NamespaceMode.CONTAINER,
        NamespaceMode.POD,
        "",
        new UserNamespace(NamespaceMode.POD, uids, gids));
  }

  @Test
  void aUserNamespaceHasOneRangeOfUsersAndOneOfGroupsFromZero() throws SandboxException {
    List<IdMapping> one = List.of(new IdMapping(100_000, 0, 65_536));
    PodConfig good = TestConfigs.pod(users(one, one), "web", "");
    PodChecks.check(good);
    assertThat(PodChecks.users(good)).isEqualTo(new UserMap(100_000, 65_536, 100_000, 65_536));
    assertThat(PodChecks.users(TestConfigs.pod(TestConfigs.NAMESPACES, "web", ""))).isNull();
    List<IdMapping> two = List.of(one.getFirst(), new IdMapping(1, 65_536, 1));
    assertRefused(users(one, two), "gids: exactly one mapping is supported, not 2");
    assertRefused(users(List.of(), one), "uids: exactly one mapping is supported, not 0");
    assertRefused(
        users(List.of(new IdMapping(100_000, 1, 65_536)), one), "container id 0 must be mapped");
    assertRefused(users(List.of(new IdMapping(-10, 0, 10)), one), "not a range");
  }

  private static void assertRefused(NamespaceOptions namespaces, String why) {
    assertThatThrownBy(() -> PodChecks.check(TestConfigs.pod(namespaces, "web", "")))
        .hasMessageContaining(why)
        .extracting(e -> ((SandboxException) e).code())
        .isEqualTo(SandboxException.Code.INVALID_ARGUMENT);
  }

  @Test
  void aHostnameThatTheKernelRefusesIsRefusedBeforeAnythingIsMade() {
    assertThatThrownBy(
            () -> PodChecks.check(TestConfigs.pod(TestConfigs.NAMESPACES, "x".repeat(65), "")))
        .hasMessageContaining("longer than 64");
  }

  @Test
  void theLogStaysInThePodsLogDirectory() throws SandboxException {
    var pod = TestConfigs.pod(TestConfigs.NAMESPACES, "web", "/var/log/pods/web");
    assertThat(LogFile.path(pod, log("app/0.log"))).isEqualTo("/var/log/pods/web/app/0.log");
    assertThat(LogFile.path(pod, log(""))).isEmpty();
    assertThatThrownBy(() -> LogFile.path(pod, log("../../passwd")))
        .hasMessageContaining("leads out of");
    assertThatThrownBy(() -> LogFile.path(pod, log("/etc/passwd")))
        .hasMessageContaining("leads out of");
  }

  private static io.crema.sandbox.model.ContainerConfig log(String path) {
    return TestConfigs.container(List.of(), List.of(), List.of(), path);
  }
}
