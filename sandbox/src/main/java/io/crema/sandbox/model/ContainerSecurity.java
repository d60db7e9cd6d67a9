package io.crema.sandbox.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** CRI LinuxContainerSecurityContext. */
public record ContainerSecurity(
    Capabilities capabilities,
    boolean privileged,
    NamespaceOptions namespaces,
    @Nullable SelinuxOptions selinux,
    @Nullable Long runAsUser,
    @Nullable Long runAsGroup,
    String runAsUsername,
    boolean readonlyRootfs,
    List<Long> supplementalGroups,
    SupplementalGroupsPolicy supplementalGroupsPolicy,
    boolean noNewPrivs,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    @Nullable SecurityProfile seccomp,
    @Nullable SecurityProfile apparmor) {
  public ContainerSecurity {
    supplementalGroups = List.copyOf(supplementalGroups);
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
  }
}
