package io.crema.sandbox.model;

import java.util.List;

/** The ids of a container's first process (CRI LinuxContainerUser). */
public record ContainerUser(long uid, long gid, List<Long> supplementalGroups) {
  public ContainerUser {
    supplementalGroups = List.copyOf(supplementalGroups);
  }
}
