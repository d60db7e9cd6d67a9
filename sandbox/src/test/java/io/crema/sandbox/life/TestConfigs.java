package io.crema.sandbox.life;

import io.crema.sandbox.model.Capabilities;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMetadata;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.EnvVar;
import io.crema.sandbox.model.ImageSpec;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.model.PodSecurity;
import io.crema.sandbox.model.SupplementalGroupsPolicy;
import java.util.List;
import java.util.Map;

/** The plainest configurations that are valid. */
final class TestConfigs {
  static final NamespaceOptions NAMESPACES =
      new NamespaceOptions(NamespaceMode.POD, NamespaceMode.CONTAINER, NamespaceMode.POD, "", null);

  private TestConfigs() {}

  static PodConfig pod(NamespaceOptions namespaces, String hostname, String logDirectory) {
    return new PodConfig(
        new PodMetadata("web", "uid", "default", 0),
        hostname,
        logDirectory,
        null,
        List.of(),
        Map.of(),
        Map.of(),
        "",
        new PodSecurity(
            namespaces,
            null,
            null,
            null,
            false,
            List.of(),
            SupplementalGroupsPolicy.MERGE,
            false,
            null,
            null),
        Map.of(),
        null,
        null);
  }

  static ContainerConfig container(List<String> command, List<String> args, List<EnvVar> env) {
    return container(command, args, env, "");
  }

  static ContainerConfig container(
      List<String> command, List<String> args, List<EnvVar> env, String logPath) {
    return new ContainerConfig(
        new ContainerMetadata("app", 0),
        new ImageSpec("busybox", Map.of(), "", "", ""),
        command,
        args,
        "",
        env,
        List.of(),
        List.of(),
        List.of(),
        Map.of(),
        Map.of(),
        logPath,
        false,
        false,
        false,
        ContainerResources.NONE,
        new ContainerSecurity(
            new Capabilities(List.of(), List.of(), List.of()),
            false,
            NAMESPACES,
            null,
            null,
            null,
            "",
            false,
            List.of(),
            SupplementalGroupsPolicy.MERGE,
            false,
            List.of(),
            List.of(),
            null,
            null),
        "");
  }
}
