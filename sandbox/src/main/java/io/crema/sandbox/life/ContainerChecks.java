package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.Propagation;
import io.crema.sandbox.model.UserNamespace;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a container can be as it is asked for, before anything is made. */
final class ContainerChecks {
  private static final Set<String> MOUNT_OPTIONS = Set.of("noexec", "nodev", "nosuid");

  private ContainerChecks() {}

  static void check(Pod pod, ContainerConfig config) throws SandboxException {
    String name = config.metadata().name();
    if (name.isEmpty()) {
      throw invalid(pod.display() + ": container metadata: name must be set");
    }
    String what = "container " + name + " of " + pod.display();
    if (config.image().image().isEmpty()) {
      throw invalid(what + ": image must be set");
    }
    ContainerSecurity security = config.security();
    if (security.privileged() && !pod.config().security().privileged()) {
      throw invalid(what + ": a privileged container needs a privileged sandbox");
    }
    if (security.runAsGroup() != null
        && security.runAsUser() == null
        && security.runAsUsername().isEmpty()) {
      throw invalid(what + ": run_as_group is set without run_as_user or run_as_username");
    }
    if (security.namespaces().pid() == NamespaceMode.TARGET
        && security.namespaces().targetId().isEmpty()) {
      throw invalid(what + ": PID namespace mode TARGET without target_id");
    }
    UserNamespace user = security.namespaces().userNamespace();
    if (!same(user, pod.config().security().namespaces().userNamespace())) {
      throw invalid(
          what + ": userns_options must be those of its pod sandbox, not " + describe(user));
    }
    if (!config.stopSignal().isEmpty() && Signals.parse(config.stopSignal()).isEmpty()) {
      throw invalid(what + ": stop signal " + config.stopSignal() + " is unknown");
    }
    for (ContainerMount mount : config.mounts()) {
      check(what, pod, mount);
    }
  }

  /** None at all, and NODE, are the same: the host's. */
  private static boolean same(@Nullable UserNamespace a, @Nullable UserNamespace b) {
    return Objects.equals(own(a), own(b));
  }

  private static @Nullable UserNamespace own(@Nullable UserNamespace user) {
    return user == null || user.mode() == NamespaceMode.NODE ? null : user;
  }

  private static String describe(@Nullable UserNamespace user) {
    return user == null ? "none" : "mode " + user.mode() + ", " + user.uids() + ", " + user.gids();
  }

  private static void check(String container, Pod pod, ContainerMount mount)
      throws SandboxException {
    String what = container + ": mount " + mount.containerPath();
    if (!mount.containerPath().startsWith("/")) {
      throw invalid(what + ": container_path must be absolute");
    }
    for (String option : mount.mountOptions()) {
      if (!MOUNT_OPTIONS.contains(option)) {
        throw invalid(what + ": mount option " + option + " is none of " + MOUNT_OPTIONS);
      }
    }
    userNamespace(what, pod.config().security().namespaces().userNamespace(), mount);
    if (mount.image() != null) {
      return; // ImageVolumes checks it, with errors that the kubelet knows
    }
    if (!mount.hostPath().startsWith("/")) {
      throw invalid(what + ": host_path \"" + mount.hostPath() + "\" must be absolute");
    }
    if (mount.recursiveReadOnly()) {
      if (!mount.readonly()) {
        throw invalid(what + ": recursive_read_only needs readonly");
      }
      if (mount.propagation() != Propagation.PRIVATE) {
        throw invalid(
            what + ": recursive_read_only needs propagation PRIVATE, not " + mount.propagation());
      }
    }
  }

  /** What a mount may ask for, given its pod's user namespace. */
  private static void userNamespace(String what, @Nullable UserNamespace pods, ContainerMount mount)
      throws SandboxException {
    UserNamespace user = own(pods);
    if (!mount.uidMappings().isEmpty() || !mount.gidMappings().isEmpty()) {
      if (user == null
          || !mount.uidMappings().equals(user.uids())
          || !mount.gidMappings().equals(user.gids())) {
        throw invalid(
            what
                + ": uid_mappings and gid_mappings must be those of the pod's user namespace ("
                + describe(user)
                + ")");
      }
    }
    if (user != null && mount.propagation() == Propagation.BIDIRECTIONAL) {
      throw invalid(
          what
              + ": propagation BIDIRECTIONAL would show the host what a user namespace mounts;"
              + " a pod with one can have PRIVATE or HOST_TO_CONTAINER");
    }
  }

  private static SandboxException invalid(String message) {
    return new SandboxException(INVALID_ARGUMENT, message);
  }
}
