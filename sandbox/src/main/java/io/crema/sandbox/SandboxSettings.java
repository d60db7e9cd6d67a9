package io.crema.sandbox;

import io.crema.sandbox.cdi.CdiRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Where and how pods are kept.
 *
 * @param root durable: records of pods and containers; survives a reboot
 * @param state for this boot: sockets, journals, pod files
 * @param runtimeHandlers names that RunPodSandbox accepts besides the empty one
 * @param cdiDirectories where CDI files are, the later directory wins
 * @param keeperCgroup path of the cgroup that keepers live in, such as {@code /crema/keepers}
 */
public record SandboxSettings(
    Path root,
    Path state,
    Set<String> runtimeHandlers,
    List<Path> cdiDirectories,
    String keeperCgroup) {
  public SandboxSettings {
    runtimeHandlers = Set.copyOf(runtimeHandlers);
    cdiDirectories = List.copyOf(cdiDirectories);
  }

  /** The handler names that Crema always knows. */
  public static SandboxSettings at(Path root, Path state) {
    return new SandboxSettings(
        root, state, Set.of("crema", "runc"), CdiRegistry.DIRECTORIES, "/crema/keepers");
  }

  /** The directory of one pod: the keeper's socket and journal, and the pod's files. */
  public Path podDirectory(String podId) {
    return state.resolve("pods").resolve(podId);
  }
}
