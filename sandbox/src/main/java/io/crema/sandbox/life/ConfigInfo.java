package io.crema.sandbox.life;

import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerSecurity;
import io.crema.sandbox.model.DnsConfig;
import io.crema.sandbox.model.IdMapping;
import io.crema.sandbox.model.ImageSpec;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.PodConfig;
import io.crema.sandbox.model.PodMetadata;
import io.crema.sandbox.model.PodSecurity;
import io.crema.sandbox.model.SecurityProfile;
import io.crema.sandbox.model.SelinuxOptions;
import io.crema.sandbox.model.SupplementalGroupsPolicy;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The client's configurations as containerd shows them under {@code info.config}: the CRI's own
 * field names, enums as numbers, bytes in base64 (what Go's JSON makes of the CRI's messages).
 */
@SuppressWarnings(
    "EnumOrdinal") // the model's enums are in the order of the proto's numbers: ConfigInfoTest
final class ConfigInfo {
  private ConfigInfo() {}

  static Map<String, Object> of(PodConfig c) {
    return new InfoMap()
        .put("metadata", metadata(c.metadata()))
        .put("hostname", c.hostname())
        .put("log_directory", c.logDirectory())
        .put("dns_config", dns(c.dns()))
        .put(
            "port_mappings",
            c.ports().stream()
                .map(
                    p ->
                        new InfoMap()
                            .put("protocol", p.protocol().ordinal())
                            .put("container_port", p.containerPort())
                            .put("host_port", p.hostPort())
                            .put("host_ip", p.hostIp())
                            .map())
                .toList())
        .put("labels", c.labels())
        .put("annotations", c.annotations())
        .put(
            "linux",
            new InfoMap()
                .put("cgroup_parent", c.cgroupParent())
                .put("security_context", security(c.security()))
                .put("sysctls", c.sysctls())
                .put("overhead", resources(c.overhead()))
                .put("resources", resources(c.resources()))
                .map())
        .map();
  }

  static Map<String, Object> of(ContainerConfig c) {
    return new InfoMap()
        .put(
            "metadata",
            new InfoMap()
                .put("name", c.metadata().name())
                .put("attempt", c.metadata().attempt())
                .map())
        .put("image", image(c.image()))
        .put("command", c.command())
        .put("args", c.args())
        .put("working_dir", c.workingDir())
        .put(
            "envs",
            c.envs().stream()
                .map(
                    e ->
                        new InfoMap()
                            .put("key", e.key())
                            .put("value", Base64.getEncoder().encodeToString(e.value()))
                            .map())
                .toList())
        .put("mounts", c.mounts().stream().map(ConfigInfo::mount).toList())
        .put(
            "devices",
            c.devices().stream()
                .map(
                    d ->
                        new InfoMap()
                            .put("container_path", d.containerPath())
                            .put("host_path", d.hostPath())
                            .put("permissions", d.permissions())
                            .map())
                .toList())
        .put("labels", c.labels())
        .put("annotations", c.annotations())
        .put("log_path", c.logPath())
        .put("stdin", c.stdin())
        .put("stdin_once", c.stdinOnce())
        .put("tty", c.tty())
        .put(
            "linux",
            new InfoMap()
                .put("resources", resources(c.resources()))
                .put("security_context", security(c.security()))
                .map())
        .put("CDI_devices", c.cdiDevices().stream().map(name -> Map.of("name", name)).toList())
        .put("stop_signal", c.stopSignal())
        .map();
  }

  static Map<String, Object> metadata(PodMetadata m) {
    return new InfoMap()
        .put("name", m.name())
        .put("uid", m.uid())
        .put("namespace", m.namespace())
        .put("attempt", m.attempt())
        .map();
  }

  /** Null and nothing set look alike, as in Go. */
  static Map<String, Object> resources(@Nullable ContainerResources r) {
    if (r == null) {
      return Map.of();
    }
    return new InfoMap()
        .put("cpu_period", r.cpuPeriod())
        .put("cpu_quota", r.cpuQuota())
        .put("cpu_shares", r.cpuShares())
        .put("memory_limit_in_bytes", r.memoryLimit())
        .put("oom_score_adj", r.oomScoreAdj())
        .put("cpuset_cpus", r.cpusetCpus())
        .put("cpuset_mems", r.cpusetMems())
        .put(
            "hugepage_limits",
            r.hugepageLimits().stream()
                .map(
                    h -> new InfoMap().put("page_size", h.pageSize()).put("limit", h.limit()).map())
                .toList())
        .put("unified", r.unified())
        .put("memory_swap_limit_in_bytes", r.memorySwapLimit())
        .map();
  }

  private static Map<String, Object> dns(@Nullable DnsConfig dns) {
    return dns == null
        ? Map.of()
        : new InfoMap()
            .put("servers", dns.servers())
            .put("searches", dns.searches())
            .put("options", dns.options())
            .map();
  }

  private static Map<String, Object> image(@Nullable ImageSpec image) {
    return image == null
        ? Map.of()
        : new InfoMap()
            .put("image", image.image())
            .put("annotations", image.annotations())
            .put("user_specified_image", image.userSpecifiedImage())
            .put("runtime_handler", image.runtimeHandler())
            .put("image_ref", image.imageRef())
            .map();
  }

  private static Map<String, Object> mount(ContainerMount m) {
    return new InfoMap()
        .put("container_path", m.containerPath())
        .put("host_path", m.hostPath())
        .put("readonly", m.readonly())
        .put("selinux_relabel", m.selinuxRelabel())
        .put("propagation", m.propagation().ordinal())
        .put("uidMappings", ids(m.uidMappings()))
        .put("gidMappings", ids(m.gidMappings()))
        .put("recursive_read_only", m.recursiveReadOnly())
        .put("image", image(m.image()))
        .put("image_sub_path", m.imageSubPath())
        .put("mount_options", m.mountOptions())
        .map();
  }

  private static List<Map<String, Object>> ids(List<IdMapping> mappings) {
    return mappings.stream()
        .map(
            m ->
                new InfoMap()
                    .put("host_id", Integer.toUnsignedLong(m.hostId()))
                    .put("container_id", Integer.toUnsignedLong(m.containerId()))
                    .put("length", Integer.toUnsignedLong(m.length()))
                    .map())
        .toList();
  }

  private static Map<String, Object> security(PodSecurity s) {
    return new InfoMap()
        .put("namespace_options", namespaces(s.namespaces()))
        .put("selinux_options", selinux(s.selinux()))
        .put("run_as_user", id(s.runAsUser()))
        .put("run_as_group", id(s.runAsGroup()))
        .put("readonly_rootfs", s.readonlyRootfs())
        .put("supplemental_groups", s.supplementalGroups())
        .put("supplemental_groups_policy", policy(s.supplementalGroupsPolicy()))
        .put("privileged", s.privileged())
        .put("seccomp", profile(s.seccomp()))
        .put("apparmor", profile(s.apparmor()))
        .map();
  }

  private static Map<String, Object> security(ContainerSecurity s) {
    return new InfoMap()
        .put(
            "capabilities",
            new InfoMap()
                .put("add_capabilities", s.capabilities().add())
                .put("drop_capabilities", s.capabilities().drop())
                .put("add_ambient_capabilities", s.capabilities().addAmbient())
                .map())
        .put("privileged", s.privileged())
        .put("namespace_options", namespaces(s.namespaces()))
        .put("selinux_options", selinux(s.selinux()))
        .put("run_as_user", id(s.runAsUser()))
        .put("run_as_group", id(s.runAsGroup()))
        .put("run_as_username", s.runAsUsername())
        .put("readonly_rootfs", s.readonlyRootfs())
        .put("supplemental_groups", s.supplementalGroups())
        .put("supplemental_groups_policy", policy(s.supplementalGroupsPolicy()))
        .put("no_new_privs", s.noNewPrivs())
        .put("masked_paths", s.maskedPaths())
        .put("readonly_paths", s.readonlyPaths())
        .put("seccomp", profile(s.seccomp()))
        .put("apparmor", profile(s.apparmor()))
        .map();
  }

  /** Int64Value, so that root is told from nobody said. */
  private static @Nullable Map<String, Object> id(@Nullable Long id) {
    return id == null ? null : new InfoMap().always("value", id).map();
  }

  private static int policy(SupplementalGroupsPolicy policy) {
    return switch (policy) {
      case MERGE -> 0;
      case STRICT -> 1;
    };
  }

  private static Map<String, Object> namespaces(NamespaceOptions n) {
    InfoMap map =
        new InfoMap()
            .put("network", n.network().ordinal())
            .put("pid", n.pid().ordinal())
            .put("ipc", n.ipc().ordinal())
            .put("target_id", n.targetId());
    var user = n.userNamespace();
    if (user != null) {
      map.put(
          "userns_options",
          new InfoMap()
              .put("mode", user.mode().ordinal())
              .put("uids", ids(user.uids()))
              .put("gids", ids(user.gids()))
              .map());
    }
    return map.map();
  }

  private static Map<String, Object> selinux(@Nullable SelinuxOptions s) {
    return s == null
        ? Map.of()
        : new InfoMap()
            .put("user", s.user())
            .put("role", s.role())
            .put("type", s.type())
            .put("level", s.level())
            .map();
  }

  private static @Nullable Map<String, Object> profile(@Nullable SecurityProfile p) {
    return p == null
        ? null
        : new InfoMap()
            .always("profile_type", p.kind().ordinal())
            .put("localhost_ref", p.localhostRef())
            .map();
  }
}
