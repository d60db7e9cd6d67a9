package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.sandbox.model.EnvVar;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.PortMapping;
import io.crema.sandbox.model.Propagation;
import io.crema.sandbox.model.SecurityProfile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigInfoTest {
  /** What api.proto numbers: the info shows numbers, as Go's JSON does. */
  @Test
  void enumsHaveTheNumbersOfTheProto() {
    assertThat(NamespaceMode.values())
        .containsExactly(
            NamespaceMode.POD, NamespaceMode.CONTAINER, NamespaceMode.NODE, NamespaceMode.TARGET);
    assertThat(PortMapping.Protocol.values())
        .containsExactly(
            PortMapping.Protocol.TCP, PortMapping.Protocol.UDP, PortMapping.Protocol.SCTP);
    assertThat(Propagation.values())
        .containsExactly(
            Propagation.PRIVATE, Propagation.HOST_TO_CONTAINER, Propagation.BIDIRECTIONAL);
    assertThat(SecurityProfile.Kind.values())
        .containsExactly(
            SecurityProfile.Kind.RUNTIME_DEFAULT,
            SecurityProfile.Kind.UNCONFINED,
            SecurityProfile.Kind.LOCALHOST);
  }

  @Test
  void fieldsHaveTheCrisNamesAndWhatIsEmptyIsNotThere() {
    Map<String, Object> info =
        ConfigInfo.of(
            TestConfigs.container(
                List.of("sleep"),
                List.of(),
                List.of(new EnvVar("A", "b".getBytes(StandardCharsets.UTF_8))),
                "c/0.log"));
    assertThat(info)
        .containsEntry("command", List.of("sleep"))
        .containsEntry("log_path", "c/0.log")
        .containsEntry("envs", List.of(Map.of("key", "A", "value", "Yg==")))
        .containsEntry("metadata", Map.of("name", "app"))
        .doesNotContainKeys("args", "tty", "mounts", "working_dir");
  }

  @Test
  void aPodsNamespacesAreNumbers() {
    NamespaceOptions host =
        new NamespaceOptions(NamespaceMode.NODE, NamespaceMode.POD, NamespaceMode.NODE, "", null);
    Map<String, Object> info = ConfigInfo.of(TestConfigs.pod(host, "h", "/logs"));
    assertThat(info).containsEntry("hostname", "h").containsEntry("log_directory", "/logs");
    assertThat(info.get("linux"))
        .isEqualTo(
            Map.of(
                "security_context", Map.of("namespace_options", Map.of("network", 2, "ipc", 2))));
  }
}
