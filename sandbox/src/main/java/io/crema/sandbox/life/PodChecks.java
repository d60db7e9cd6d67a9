package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;

import io.crema.runtime.cgroup.CgroupPath;
import io.crema.runtime.launch.UserMap;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.IdMapping;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.model.UserNamespace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether a sandbox can be as it is asked for, before anything is made. */
final class PodChecks {
  private static final int HOST_NAME_MAX = 64; // sethostname(2)

  private PodChecks() {}

  static void check(PodConfig config) throws SandboxException {
    PodMetadata m = config.metadata();
    if (m.name().isEmpty() || m.namespace().isEmpty() || m.uid().isEmpty()) {
      throw invalid("metadata: name, namespace and uid must be set, not " + m);
    }
    String pod = "pod " + m.display();
    NamespaceOptions ns = config.security().namespaces();
    if (ns.network() != NamespaceMode.POD && ns.network() != NamespaceMode.NODE) {
      throw invalid(pod + ": network namespace mode " + ns.network() + ": must be POD or NODE");
    }
    if (ns.ipc() != NamespaceMode.POD && ns.ipc() != NamespaceMode.NODE) {
      throw invalid(pod + ": IPC namespace mode " + ns.ipc() + ": must be POD or NODE");
    }
    if (ns.pid() == NamespaceMode.TARGET) {
      throw invalid(pod + ": PID namespace mode TARGET is for containers only");
    }
    userNamespace(pod, ns.userNamespace());
    if (config.hostname().length() > HOST_NAME_MAX) {
      throw invalid(
          pod
              + ": hostname \""
              + config.hostname()
              + "\": longer than "
              + HOST_NAME_MAX
              + " characters");
    }
    if (config.hostname().chars().anyMatch(c -> c <= ' ' || c == 0x7f || c == '/')) {
      // it also stands in the pod's /etc/hosts
      throw invalid(pod + ": hostname \"" + config.hostname() + "\": not a name");
    }
    try {
      CgroupPath.ofCri(config.cgroupParent());
    } catch (IllegalArgumentException e) {
      throw new SandboxException(INVALID_ARGUMENT, pod + ": " + e.getMessage(), e);
    }
    if (config.security().runAsGroup() != null && config.security().runAsUser() == null) {
      throw invalid(pod + ": run_as_group is set without run_as_user");
    }
    String logs = config.logDirectory();
    if (!logs.isEmpty() && !logs.startsWith("/")) {
      throw invalid(pod + ": log_directory " + logs + ": must be absolute");
    }
  }

  private static void userNamespace(String pod, @Nullable UserNamespace user)
      throws SandboxException {
    if (user == null) {
      return;
    }
    switch (user.mode()) {
      case NODE -> {
        if (!user.uids().isEmpty() || !user.gids().isEmpty()) {
          throw invalid(pod + ": user namespace mode NODE takes no id mappings");
        }
      }
      case POD -> {
        one(pod + ": user namespace: uids", user.uids());
        one(pod + ": user namespace: gids", user.gids());
        try {
          users(user);
        } catch (IllegalArgumentException e) {
          throw new SandboxException(
              INVALID_ARGUMENT, pod + ": user namespace: " + e.getMessage(), e);
        }
      }
      case CONTAINER, TARGET ->
          throw invalid(pod + ": user namespace mode " + user.mode() + ": must be POD or NODE");
    }
  }

  private static void one(String what, List<IdMapping> mappings) throws SandboxException {
    if (mappings.size() != 1) {
      throw invalid(what + ": exactly one mapping is supported, not " + mappings.size());
    }
    if (mappings.getFirst().containerId() != 0) {
      throw invalid(what + ": container id 0 must be mapped");
    }
  }

  /** The ids of the user namespace of a pod that has been checked, or null when it has none. */
  static @Nullable UserMap users(PodConfig config) {
    UserNamespace user = config.security().namespaces().userNamespace();
    return user == null || user.mode() != NamespaceMode.POD ? null : users(user);
  }

  private static UserMap users(UserNamespace user) {
    IdMapping uids = user.uids().getFirst();
    IdMapping gids = user.gids().getFirst();
    return new UserMap(
        Integer.toUnsignedLong(uids.hostId()),
        Integer.toUnsignedLong(uids.length()),
        Integer.toUnsignedLong(gids.hostId()),
        Integer.toUnsignedLong(gids.length()));
  }

  private static SandboxException invalid(String message) {
    return new SandboxException(INVALID_ARGUMENT, message);
  }
}
