package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** CRI LinuxSandboxSecurityContext. */
public record PodSecurity(
    NamespaceOptions namespaces,
    @Nullable SelinuxOptions selinux,
    @Nullable Long runAsUser,
    @Nullable Long runAsGroup,
    boolean readonlyRootfs,
    List<Long> supplementalGroups,
    SupplementalGroupsPolicy supplementalGroupsPolicy,
    boolean privileged,
    @Nullable SecurityProfile seccomp,
    @Nullable SecurityProfile apparmor) {
  public PodSecurity {
    supplementalGroups = List.copyOf(supplementalGroups);
  }
}
