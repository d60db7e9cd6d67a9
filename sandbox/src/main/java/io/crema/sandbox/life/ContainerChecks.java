package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;
import static io.crema.sandbox.SandboxException.Code.UNIMPLEMENTED;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.Propagation;
import java.util.Set;

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
    if (!config.cdiDevices().isEmpty()) {
      throw new SandboxException(
          UNIMPLEMENTED, what + ": CDI devices are not supported by this version of Crema");
    }
    if (!config.stopSignal().isEmpty() && Signals.parse(config.stopSignal()).isEmpty()) {
      throw invalid(what + ": stop signal " + config.stopSignal() + " is unknown");
    }
    for (ContainerMount mount : config.mounts()) {
      check(what, mount);
    }
  }

  private static void check(String container, ContainerMount mount) throws SandboxException {
    String what = container + ": mount " + mount.containerPath();
    if (!mount.containerPath().startsWith("/")) {
      throw invalid(what + ": container_path must be absolute");
    }
    if (mount.image() != null) {
      throw new SandboxException(
          UNIMPLEMENTED, what + ": image volumes are not supported by this version of Crema");
    }
    if (!mount.hostPath().startsWith("/")) {
      throw invalid(what + ": host_path \"" + mount.hostPath() + "\" must be absolute");
    }
    if (!mount.uidMappings().isEmpty() || !mount.gidMappings().isEmpty()) {
      throw new SandboxException(
          UNIMPLEMENTED, what + ": id-mapped mounts are not supported by this version of Crema");
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
    for (String option : mount.mountOptions()) {
      if (!MOUNT_OPTIONS.contains(option)) {
        throw invalid(what + ": mount option " + option + " is none of " + MOUNT_OPTIONS);
      }
    }
  }

  private static SandboxException invalid(String message) {
    return new SandboxException(INVALID_ARGUMENT, message);
  }
}
