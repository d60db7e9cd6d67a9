package io.crema.sandbox.life;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.image.model.ImageConfig;
import io.crema.image.model.Platform;
import io.crema.runtime.launch.EnvEntry;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.EnvVar;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcessConfigTest {
  private static final ImageConfig IMAGE =
      new ImageConfig(
          Platform.host(),
          "",
          "",
          List.of("PATH=/image/bin", "LANG=C"),
          List.of("/entry"),
          List.of("cmd"),
          "",
          "/work",
          List.of(),
          List.of(),
          Map.of(),
          "SIGQUIT",
          List.of());

  private static ContainerConfig config(List<String> command, List<String> args) {
    return TestConfigs.container(command, args, List.of(new EnvVar("LANG", "D".getBytes(UTF_8))));
  }

  @Test
  void theCommandReplacesEntrypointAndDropsCmd() {
    assertThat(ProcessConfig.arguments(config(List.of("sh"), List.of()), IMAGE))
        .containsExactly("sh");
    assertThat(ProcessConfig.arguments(config(List.of("sh"), List.of("-c")), IMAGE))
        .containsExactly("sh", "-c");
  }

  @Test
  void argumentsAloneReplaceCmd() {
    assertThat(ProcessConfig.arguments(config(List.of(), List.of("x")), IMAGE))
        .containsExactly("/entry", "x");
    assertThat(ProcessConfig.arguments(config(List.of(), List.of()), IMAGE))
        .containsExactly("/entry", "cmd");
  }

  @Test
  void theClientsEnvironmentWinsOverTheImagesAndThatOverTheDefaults() {
    assertThat(ProcessConfig.environment(config(List.of(), List.of()), IMAGE, "host"))
        .containsExactlyInAnyOrder(
            EnvEntry.of("PATH", "/image/bin"),
            EnvEntry.of("HOSTNAME", "host"),
            EnvEntry.of("LANG", "D"));
  }

  @Test
  void theImagesStopSignalAndDirectoryHoldUnlessTheClientSaysOtherwise() {
    ContainerConfig config = config(List.of(), List.of());
    assertThat(ProcessConfig.stopSignal(config, IMAGE)).isEqualTo("SIGQUIT");
    assertThat(ProcessConfig.workingDirectory(config, IMAGE)).isEqualTo("/work");
  }
}
