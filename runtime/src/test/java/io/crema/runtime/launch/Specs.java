package io.crema.runtime.launch;

import io.crema.runtime.security.CapabilitySet;
import java.util.EnumSet;
import java.util.List;

/** Specifications that tests start from. */
final class Specs {
  private Specs() {}

  static ProcessSpec process(String... args) {
    return new ProcessSpec(
        List.of(args),
        List.of(EnvEntry.of("PATH", "/usr/bin:/bin"), EnvEntry.of("SECRET", "hush")),
        "/",
        0,
        0,
        List.of(0),
        CapabilitySet.mask(CapabilitySet.DEFAULT),
        0,
        false,
        List.of(),
        null,
        null,
        "",
        "",
        new StdioSpec.Streams(Stream.NULL, Stream.PIPE, Stream.PIPE));
  }

  static ContainerSpec container(RootFs root, List<MountSpec> mounts, ProcessSpec process) {
    return new ContainerSpec(
        EnumSet.of(Joined.NET, Joined.IPC, Joined.UTS),
        null,
        false,
        root,
        false,
        mounts,
        StandardMounts.MASKED_PATHS,
        StandardMounts.READONLY_PATHS,
        List.of(),
        true,
        process);
  }
}
