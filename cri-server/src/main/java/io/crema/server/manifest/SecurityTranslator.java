package io.crema.server.manifest;

import io.crema.server.cri.Capability;
import io.crema.server.cri.Int64Value;
import io.crema.server.cri.LinuxContainerSecurityContext;
import io.crema.server.cri.LinuxSandboxSecurityContext;
import io.crema.server.cri.NamespaceMode;
import io.crema.server.cri.NamespaceOption;
import io.crema.server.cri.SecurityProfile;
import io.crema.server.cri.SupplementalGroupsPolicy;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Security contexts: a container's own fields win over its pod's. */
final class SecurityTranslator {
  /** What the kubelet sends unless procMount is Unmasked (securitycontext/util.go). */
  private static final List<String> MASKED =
      List.of(
          "/proc/asound",
          "/proc/acpi",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  private static final List<String> READONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private SecurityTranslator() {}

  static LinuxSandboxSecurityContext pod(PodSpec spec) {
    @Nullable PodSecurityContext context = spec.getSecurityContext();
    LinuxSandboxSecurityContext.Builder proto =
        LinuxSandboxSecurityContext.newBuilder()
            .setNamespaceOptions(namespaces(spec))
            .setPrivileged(spec.getContainers().stream().anyMatch(SecurityTranslator::privileged))
            .setSeccomp(seccomp(context == null ? null : context.getSeccompProfile()))
            .addAllSupplementalGroups(groups(context));
    return proto.build();
  }

  static LinuxContainerSecurityContext container(PodSpec spec, Container container) {
    @Nullable PodSecurityContext pod = spec.getSecurityContext();
    SecurityContext own =
        container.getSecurityContext() == null
            ? new SecurityContext()
            : container.getSecurityContext();
    boolean unmasked = "Unmasked".equals(own.getProcMount());
    LinuxContainerSecurityContext.Builder proto =
        LinuxContainerSecurityContext.newBuilder()
            .setNamespaceOptions(namespaces(spec))
            .setPrivileged(privileged(container))
            .setReadonlyRootfs(Boolean.TRUE.equals(own.getReadOnlyRootFilesystem()))
            .setNoNewPrivs(Boolean.FALSE.equals(own.getAllowPrivilegeEscalation()))
            .addAllSupplementalGroups(groups(pod))
            .setSeccomp(
                seccomp(
                    own.getSeccompProfile() != null || pod == null
                        ? own.getSeccompProfile()
                        : pod.getSeccompProfile()))
            .addAllMaskedPaths(unmasked ? List.of() : MASKED)
            .addAllReadonlyPaths(unmasked ? List.of() : READONLY);
    if (pod != null && "Strict".equals(pod.getSupplementalGroupsPolicy())) {
      proto.setSupplementalGroupsPolicy(SupplementalGroupsPolicy.Strict);
    }
    @Nullable Long user = user(spec, container);
    if (user != null) {
      proto.setRunAsUser(Int64Value.newBuilder().setValue(user));
    }
    @Nullable Long group =
        own.getRunAsGroup() != null || pod == null ? own.getRunAsGroup() : pod.getRunAsGroup();
    if (group != null) {
      proto.setRunAsGroup(Int64Value.newBuilder().setValue(group));
    }
    if (own.getCapabilities() != null) {
      proto.setCapabilities(
          Capability.newBuilder()
              .addAllAddCapabilities(own.getCapabilities().getAdd())
              .addAllDropCapabilities(own.getCapabilities().getDrop()));
    }
    return proto.build();
  }

  /** The user that the manifest asks for; null leaves it to the image. */
  static @Nullable Long user(PodSpec spec, Container container) {
    @Nullable SecurityContext own = container.getSecurityContext();
    if (own != null && own.getRunAsUser() != null) {
      return own.getRunAsUser();
    }
    return spec.getSecurityContext() == null ? null : spec.getSecurityContext().getRunAsUser();
  }

  private static boolean privileged(Container container) {
    return container.getSecurityContext() != null
        && Boolean.TRUE.equals(container.getSecurityContext().getPrivileged());
  }

  private static NamespaceOption namespaces(PodSpec spec) {
    return NamespaceOption.newBuilder()
        .setNetwork(
            Boolean.TRUE.equals(spec.getHostNetwork()) ? NamespaceMode.NODE : NamespaceMode.POD)
        .setIpc(Boolean.TRUE.equals(spec.getHostIPC()) ? NamespaceMode.NODE : NamespaceMode.POD)
        .setPid(
            Boolean.TRUE.equals(spec.getHostPID())
                ? NamespaceMode.NODE
                : Boolean.TRUE.equals(spec.getShareProcessNamespace())
                    ? NamespaceMode.POD
                    : NamespaceMode.CONTAINER)
        .build();
  }

  /** Without a wish the runtime's default, as a kubelet with seccompDefault sends it. */
  private static SecurityProfile seccomp(@Nullable SeccompProfile profile) {
    SecurityProfile.Builder proto = SecurityProfile.newBuilder();
    if (profile == null || "RuntimeDefault".equals(profile.getType())) {
      return proto.setProfileType(SecurityProfile.ProfileType.RuntimeDefault).build();
    }
    if ("Localhost".equals(profile.getType())) {
      return proto
          .setProfileType(SecurityProfile.ProfileType.Localhost)
          .setLocalhostRef(profile.getLocalhostProfile())
          .build();
    }
    return proto.setProfileType(SecurityProfile.ProfileType.Unconfined).build();
  }

  private static List<Long> groups(@Nullable PodSecurityContext context) {
    if (context == null) {
      return List.of();
    }
    List<Long> groups = new ArrayList<>(context.getSupplementalGroups());
    if (context.getFsGroup() != null) {
      groups.add(context.getFsGroup());
    }
    return groups;
  }
}
