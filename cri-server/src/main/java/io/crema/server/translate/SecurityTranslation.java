package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.Capabilities;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.PodSecurity;
import io.crema.sandbox.model.SecurityProfile;
import io.crema.sandbox.model.SelinuxOptions;
import io.crema.sandbox.model.SupplementalGroupsPolicy;
import io.crema.server.cri.LinuxContainerSecurityContext;
import io.crema.server.cri.LinuxSandboxSecurityContext;
import io.crema.server.cri.SELinuxOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Security contexts of pods and containers. */
final class SecurityTranslation {
  private static final String LOCALHOST = "localhost/";

  private SecurityTranslation() {}

  @SuppressWarnings("deprecation") // seccomp_profile_path: old clients still send it alone
  static PodSecurity pod(String field, LinuxSandboxSecurityContext proto) throws SandboxException {
    if (proto.hasRunAsGroup() && !proto.hasRunAsUser()) {
      throw Fields.invalid(field + ".run_as_group", "needs run_as_user beside it");
    }
    return new PodSecurity(
        NamespaceTranslation.toModel(field + ".namespace_options", proto.getNamespaceOptions()),
        proto.hasSelinuxOptions() ? selinux(proto.getSelinuxOptions()) : null,
        proto.hasRunAsUser() ? id(field + ".run_as_user", proto.getRunAsUser().getValue()) : null,
        proto.hasRunAsGroup()
            ? id(field + ".run_as_group", proto.getRunAsGroup().getValue())
            : null,
        proto.getReadonlyRootfs(),
        groups(field, proto.getSupplementalGroupsList()),
        policy(field, proto.getSupplementalGroupsPolicy()),
        proto.getPrivileged(),
        proto.hasSeccomp()
            ? profile(field + ".seccomp", proto.getSeccomp())
            : namedProfile(field + ".seccomp_profile_path", proto.getSeccompProfilePath()),
        proto.hasApparmor() ? profile(field + ".apparmor", proto.getApparmor()) : null);
  }

  @SuppressWarnings("deprecation") // seccomp_profile_path and apparmor_profile, as above
  static ContainerSecurity container(String field, LinuxContainerSecurityContext proto)
      throws SandboxException {
    boolean hasUser = proto.hasRunAsUser() || !proto.getRunAsUsername().isEmpty();
    if (proto.hasRunAsGroup() && !hasUser) {
      throw Fields.invalid(
          field + ".run_as_group", "needs run_as_user or run_as_username beside it");
    }
    if (proto.hasRunAsUser() && !proto.getRunAsUsername().isEmpty()) {
      throw Fields.invalid(field + ".run_as_username", "run_as_user is given as well");
    }
    var caps = proto.getCapabilities();
    return new ContainerSecurity(
        new Capabilities(
            caps.getAddCapabilitiesList(),
            caps.getDropCapabilitiesList(),
            caps.getAddAmbientCapabilitiesList()),
        proto.getPrivileged(),
        NamespaceTranslation.toModel(field + ".namespace_options", proto.getNamespaceOptions()),
        proto.hasSelinuxOptions() ? selinux(proto.getSelinuxOptions()) : null,
        proto.hasRunAsUser() ? id(field + ".run_as_user", proto.getRunAsUser().getValue()) : null,
        proto.hasRunAsGroup()
            ? id(field + ".run_as_group", proto.getRunAsGroup().getValue())
            : null,
        proto.getRunAsUsername(),
        proto.getReadonlyRootfs(),
        groups(field, proto.getSupplementalGroupsList()),
        policy(field, proto.getSupplementalGroupsPolicy()),
        proto.getNoNewPrivs(),
        proto.getMaskedPathsList(),
        proto.getReadonlyPathsList(),
        proto.hasSeccomp()
            ? profile(field + ".seccomp", proto.getSeccomp())
            : namedProfile(field + ".seccomp_profile_path", proto.getSeccompProfilePath()),
        proto.hasApparmor()
            ? profile(field + ".apparmor", proto.getApparmor())
            : namedProfile(field + ".apparmor_profile", proto.getApparmorProfile()));
  }

  private static SecurityProfile profile(String field, io.crema.server.cri.SecurityProfile proto)
      throws SandboxException {
    return switch (proto.getProfileType()) {
      case RuntimeDefault -> new SecurityProfile(SecurityProfile.Kind.RUNTIME_DEFAULT, "");
      case Unconfined -> new SecurityProfile(SecurityProfile.Kind.UNCONFINED, "");
      case Localhost ->
          new SecurityProfile(
              SecurityProfile.Kind.LOCALHOST,
              Fields.required(field + ".localhost_ref", proto.getLocalhostRef()));
      case UNRECOGNIZED -> throw Fields.unknown(field + ".profile_type", proto.getProfileType());
    };
  }

  /** The deprecated way to name a profile; empty means none was asked for. */
  private static @Nullable SecurityProfile namedProfile(String field, String name)
      throws SandboxException {
    if (name.startsWith(LOCALHOST)) {
      return new SecurityProfile(
          SecurityProfile.Kind.LOCALHOST,
          Fields.required(field, name.substring(LOCALHOST.length())));
    }
    return switch (name) {
      case "" -> null;
      case "runtime/default", "docker/default" ->
          new SecurityProfile(SecurityProfile.Kind.RUNTIME_DEFAULT, "");
      case "unconfined" -> new SecurityProfile(SecurityProfile.Kind.UNCONFINED, "");
      default ->
          throw Fields.invalid(
              field, "'%s' is none of runtime/default, unconfined, localhost/NAME".formatted(name));
    };
  }

  private static SelinuxOptions selinux(SELinuxOption proto) {
    return new SelinuxOptions(proto.getUser(), proto.getRole(), proto.getType(), proto.getLevel());
  }

  private static List<Long> groups(String field, List<Long> groups) throws SandboxException {
    for (long group : groups) {
      id(field + ".supplemental_groups", group);
    }
    return groups;
  }

  /** An id the kernel can hold: (uid_t) -1 means "leave as it is" in setresuid(2). */
  private static long id(String field, long value) throws SandboxException {
    if (value < 0 || value >= 0xffff_ffffL) {
      throw Fields.invalid(field, value + " is not within 0..4294967294");
    }
    return value;
  }

  private static SupplementalGroupsPolicy policy(
      String field, io.crema.server.cri.SupplementalGroupsPolicy proto) throws SandboxException {
    return switch (proto) {
      case Merge -> SupplementalGroupsPolicy.MERGE;
      case Strict -> SupplementalGroupsPolicy.STRICT;
      case UNRECOGNIZED -> throw Fields.unknown(field + ".supplemental_groups_policy", proto);
    };
  }
}
