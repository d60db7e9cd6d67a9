package io.crema.sandbox.life;

import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.launch.ContainerSpec;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.store.ContainerRecord;
import io.crema.sandbox.store.PodRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What verbose statuses say beside the CRI: one JSON text under {@code info}, in containerd's shape
 * (internal/cri/server/container_status.go ContainerInfo, podsandbox/types SandboxInfo), which
 * tools and crictl's templates parse.
 */
final class VerboseInfo {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String RUNTIME_TYPE = "io.crema";
  private static final String INTERFACE = "eth0";

  private final Launches launches;

  VerboseInfo(Launches launches) {
    this.launches = launches;
  }

  /** {@code pid} is the keeper's: no other process is the pod's as a whole. */
  Map<String, String> of(Pod pod) {
    PodRecord r = pod.record();
    boolean alive = pod.keeperIfAlive().isPresent();
    InfoMap info =
        new InfoMap()
            .always("pid", pod.keeperIfAlive().map(k -> k.pid()).orElse(0))
            .always("processStatus", alive ? "running" : "deleted")
            .always("netNamespaceClosed", pod.namespace(HeldKind.NETWORK).isEmpty())
            .always("image", "")
            .always("snapshotKey", "")
            .always("snapshotter", "")
            .always("runtimeHandler", r.runtimeHandler())
            .always("runtimeType", RUNTIME_TYPE)
            .put("config", ConfigInfo.of(r.config()))
            .put("runtimeSpec", podSpec(pod))
            .put("cniResult", cniResult(r))
            .put(
                "sandboxMetadata",
                new InfoMap()
                    .put("ID", r.id())
                    .put("Name", sandboxName(r))
                    .put("IP", r.ips().isEmpty() ? "" : r.ips().getFirst())
                    .put("RuntimeHandler", r.runtimeHandler())
                    .map())
            .put("directory", pod.directory().toString())
            .put("timings", pod.timings());
    if (r.config().overhead() != null) {
      info.always("overhead", Map.of("linux", ConfigInfo.resources(r.config().overhead())));
    }
    if (r.config().resources() != null) {
      info.always("resources", Map.of("linux", ConfigInfo.resources(r.config().resources())));
    }
    return Map.of("info", JSON.writeValueAsString(info.map()));
  }

  /** As containerd names sandboxes. */
  private static String sandboxName(PodRecord r) {
    var m = r.config().metadata();
    return String.join(
        "_", m.name(), m.namespace(), m.uid(), Integer.toUnsignedString(m.attempt()));
  }

  private static Map<String, Object> podSpec(Pod pod) {
    return new InfoMap()
        .put("ociVersion", "1.3.0")
        .put("hostname", pod.config().hostname())
        .put(
            "linux",
            new InfoMap()
                .put("cgroupsPath", pod.config().cgroupParent())
                .put("sysctl", pod.config().sysctls())
                .put(
                    "namespaces",
                    namespaces(pod).entrySet().stream()
                        .map(n -> Map.of("type", n.getKey(), "path", n.getValue()))
                        .toList())
                .map())
        .map();
  }

  /** The pod's namespaces by OCI type: paths that lead to them as long as this daemon runs. */
  private static Map<String, String> namespaces(Pod pod) {
    Map<String, String> paths = new LinkedHashMap<>();
    path(pod, HeldKind.NETWORK, "network", paths);
    path(pod, HeldKind.IPC, "ipc", paths);
    path(pod, HeldKind.UTS, "uts", paths);
    path(pod, HeldKind.USER, "user", paths);
    path(pod, HeldKind.PID, "pid", paths);
    return paths;
  }

  private static void path(Pod pod, HeldKind kind, String type, Map<String, String> into) {
    pod.namespace(kind)
        .ifPresent(
            fd -> into.put(type, "/proc/" + ProcessHandle.current().pid() + "/fd/" + fd.number()));
  }

  private static Map<String, Object> cniResult(PodRecord r) {
    if (r.ips().isEmpty()) {
      return Map.of();
    }
    List<Map<String, String>> addresses = r.ips().stream().map(ip -> Map.of("IP", ip)).toList();
    return Map.of("Interfaces", Map.of(INTERFACE, Map.of("IPConfigs", addresses)));
  }

  Map<String, String> of(Container container) {
    ContainerRecord r = container.record();
    InfoMap info =
        new InfoMap()
            .always("sandboxID", r.podId())
            .always("pid", r.state() == ContainerState.RUNNING ? r.pid() : 0)
            .always("removing", false)
            .always("snapshotKey", r.id())
            .always("snapshotter", "overlayfs")
            .always("runtimeType", RUNTIME_TYPE)
            .put("config", ConfigInfo.of(r.config()));
    try {
      ContainerSpec spec = launches.specOf(container);
      info.put(
          "runtimeSpec",
          RuntimeSpecInfo.of(
              r, spec, PodDirectory.effectiveHostname(container.pod()), namespaces(container)));
    } catch (IOException | SandboxException | IllegalArgumentException e) {
      // the rest of the answer is as good without it: the image may have been removed meanwhile
      LOG.log(Level.DEBUG, container.display() + ": no runtimeSpec", e);
      info.put("runtimeSpecError", String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      info.put("runtimeSpecError", "interrupted");
    }
    return Map.of("info", JSON.writeValueAsString(info.map()));
  }

  private static Map<String, String> namespaces(Container container) {
    Map<String, String> paths = new LinkedHashMap<>(namespaces(container.pod()));
    NamespaceMode pid = container.record().config().security().namespaces().pid();
    if (pid == NamespaceMode.CONTAINER) {
      paths.put("pid", "");
    } else if (pid == NamespaceMode.NODE) {
      paths.remove("pid");
    }
    paths.put("mount", "");
    return paths;
  }
}
