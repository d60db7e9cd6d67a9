package io.crema.sandbox.life;

import io.crema.runtime.launch.ContainerSpec;
import io.crema.runtime.launch.MountSpec;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.runtime.launch.RootFs;
import io.crema.runtime.launch.StdioSpec;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.security.Capability;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.HugepageLimit;
import io.crema.sandbox.store.ContainerRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A container's launch in the words of the OCI runtime specification, for tools that read {@code
 * info.runtimeSpec}. A description: what runs is the launch plan.
 */
final class RuntimeSpecInfo {
  private static final String VERSION = "1.3.0";

  private RuntimeSpecInfo() {}

  /**
   * @param spec as it was, or would be, launched
   * @param hostname of the pod
   * @param namespaces their paths by OCI type; those of an empty path are the container's own
   */
  static Map<String, Object> of(
      ContainerRecord record, ContainerSpec spec, String hostname, Map<String, String> namespaces) {
    return new InfoMap()
        .put("ociVersion", VERSION)
        .put("process", process(spec.process()))
        .put("root", root(spec))
        .put("hostname", hostname)
        .put("mounts", spec.mounts().stream().map(RuntimeSpecInfo::mount).toList())
        .put("annotations", annotations(record))
        .put(
            "linux",
            new InfoMap()
                .put("resources", resources(record.resources()))
                .put("cgroupsPath", record.cgroup())
                .put("namespaces", namespaces(namespaces))
                .put("maskedPaths", spec.maskedPaths())
                .put("readonlyPaths", spec.readonlyPaths())
                .map())
        .map();
  }

  /** The annotations of containerd's that tools look for (internal/cri/annotations). */
  private static Map<String, Object> annotations(ContainerRecord record) {
    return new InfoMap()
        .put("io.kubernetes.cri.container-type", "container")
        .put("io.kubernetes.cri.container-name", record.config().metadata().name())
        .put("io.kubernetes.cri.sandbox-id", record.podId())
        .put("io.kubernetes.cri.image-name", record.imageName())
        .map();
  }

  private static List<Map<String, Object>> namespaces(Map<String, String> namespaces) {
    return namespaces.entrySet().stream()
        .map(n -> new InfoMap().put("type", n.getKey()).put("path", n.getValue()).map())
        .toList();
  }

  private static Map<String, Object> process(ProcessSpec p) {
    InfoMap capabilities =
        new InfoMap()
            .put("bounding", capabilities(p.capabilities()))
            .put("effective", capabilities(p.capabilities()))
            .put("permitted", capabilities(p.capabilities()))
            .put("inheritable", capabilities(p.ambient()))
            .put("ambient", capabilities(p.ambient()));
    return new InfoMap()
        .put("terminal", p.stdio() instanceof StdioSpec.Terminal)
        .always(
            "user",
            new InfoMap()
                .always("uid", Integer.toUnsignedLong(p.uid()))
                .always("gid", Integer.toUnsignedLong(p.gid()))
                .put("additionalGids", p.groups().stream().map(Integer::toUnsignedLong).toList())
                .map())
        .put("args", p.args())
        .put(
            "env",
            p.env().stream()
                .map(e -> e.name() + "=" + new String(e.value(), StandardCharsets.UTF_8))
                .toList())
        .put("cwd", p.cwd())
        .put("capabilities", capabilities.map())
        .put("noNewPrivileges", p.noNewPrivileges())
        .put("oomScoreAdj", p.oomScoreAdj())
        .put("apparmorProfile", p.apparmorProfile())
        .put("selinuxLabel", p.selinuxLabel())
        .map();
  }

  private static List<String> capabilities(long mask) {
    List<String> names = new ArrayList<>();
    for (Capability c : Capability.values()) {
      if ((mask & (1L << c.number())) != 0) {
        names.add(c.kernelName());
      }
    }
    return names;
  }

  private static Map<String, Object> root(ContainerSpec spec) {
    return new InfoMap()
        .put(
            "path",
            switch (spec.root()) {
              case RootFs.Overlay o -> o.upper(); // mounted in the container only
              case RootFs.Directory d -> d.path();
            })
        .put("readonly", spec.readonlyRoot())
        .map();
  }

  private static Map<String, Object> mount(MountSpec mount) {
    InfoMap map = new InfoMap().put("destination", mount.containerPath());
    switch (mount) {
      case MountSpec.Bind b ->
          map.put("type", "bind").put("source", b.hostPath()).put("options", options(b));
      case MountSpec.Given g ->
          map.put("type", "bind").put("source", g.what()).put("options", List.of("ro"));
      case MountSpec.Proc _ -> map.put("type", "proc").put("source", "proc");
      case MountSpec.Sysfs s ->
          map.put("type", "sysfs")
              .put("source", "sysfs")
              .put("options", List.of("nosuid", "noexec", "nodev", s.readonly() ? "ro" : "rw"));
      case MountSpec.Mqueue _ -> map.put("type", "mqueue").put("source", "mqueue");
      case MountSpec.Devpts _ -> map.put("type", "devpts").put("source", "devpts");
      case MountSpec.Dev _ -> map.put("type", "tmpfs").put("source", "tmpfs");
      case MountSpec.Tmpfs t ->
          map.put("type", "tmpfs")
              .put("source", "tmpfs")
              .put("options", List.of("mode=" + t.mode()));
      case MountSpec.Cgroup2 c -> cgroup(map, c.readonly());
      case MountSpec.Cgroup1 c -> cgroup(map, c.readonly());
    }
    return map.map();
  }

  private static void cgroup(InfoMap map, boolean readonly) {
    map.put("type", "cgroup")
        .put("source", "cgroup")
        .put("options", List.of("nosuid", "noexec", "nodev", "relatime", readonly ? "ro" : "rw"));
  }

  private static List<String> options(MountSpec.Bind b) {
    List<String> options = new ArrayList<>();
    options.add("rbind");
    options.add(
        switch (b.propagation()) {
          case PRIVATE -> "rprivate";
          case HOST_TO_CONTAINER -> "rslave";
          case BIDIRECTIONAL -> "rshared";
        });
    options.add(b.recursiveReadOnly() ? "rro" : b.readonly() ? "ro" : "rw");
    if ((b.attributes() & Mounts.MOUNT_ATTR_NOEXEC) != 0) {
      options.add("noexec");
    }
    if ((b.attributes() & Mounts.MOUNT_ATTR_NODEV) != 0) {
      options.add("nodev");
    }
    if ((b.attributes() & Mounts.MOUNT_ATTR_NOSUID) != 0) {
      options.add("nosuid");
    }
    return options;
  }

  private static Map<String, Object> resources(ContainerResources r) {
    List<Map<String, Object>> pages = new ArrayList<>();
    for (HugepageLimit limit : r.hugepageLimits()) {
      pages.add(
          new InfoMap().put("pageSize", limit.pageSize()).always("limit", limit.limit()).map());
    }
    return new InfoMap()
        .put(
            "memory",
            new InfoMap().put("limit", r.memoryLimit()).put("swap", r.memorySwapLimit()).map())
        .put(
            "cpu",
            new InfoMap()
                .put("shares", r.cpuShares())
                .put("quota", r.cpuQuota())
                .put("period", r.cpuPeriod())
                .put("cpus", r.cpusetCpus())
                .put("mems", r.cpusetMems())
                .map())
        .put("hugepageLimits", pages)
        .put("unified", r.unified())
        .map();
  }
}
