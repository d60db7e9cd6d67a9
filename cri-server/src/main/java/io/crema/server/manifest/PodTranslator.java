package io.crema.server.manifest;

import com.google.protobuf.ByteString;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.DNSConfig;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.KeyValue;
import io.crema.server.cri.LinuxContainerConfig;
import io.crema.server.cri.LinuxPodSandboxConfig;
import io.crema.server.cri.Mount;
import io.crema.server.cri.MountPropagation;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.PortMapping;
import io.crema.server.cri.Protocol;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodDNSConfig;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A pod as the kubelet would ask a runtime for it. */
public final class PodTranslator {
  private final Pod pod;
  private final PodPlace place;

  /** For one pod that has been checked. */
  public PodTranslator(PodManifest manifest, PodPlace place) {
    this.pod = manifest.pod();
    this.place = place;
  }

  static String namespace(Pod pod) {
    @Nullable String namespace = pod.getMetadata().getNamespace();
    return namespace == null || namespace.isEmpty() ? "default" : namespace;
  }

  /** The sandbox. */
  public PodSandboxConfig sandbox() {
    PodSpec spec = pod.getSpec();
    PodSandboxConfig.Builder sandbox =
        PodSandboxConfig.newBuilder()
            .setMetadata(
                PodSandboxMetadata.newBuilder()
                    .setName(pod.getMetadata().getName())
                    .setNamespace(namespace(pod))
                    .setUid(place.uid()))
            .setLogDirectory(place.logs().toString())
            .putAllLabels(podLabels())
            .putAllAnnotations(orEmpty(pod.getMetadata().getAnnotations()));
    if (!Boolean.TRUE.equals(spec.getHostNetwork())) {
      sandbox.setHostname(hostname(spec));
    }
    for (Container container : spec.getContainers()) {
      for (ContainerPort port : container.getPorts()) {
        sandbox.addPortMappings(
            PortMapping.newBuilder()
                .setProtocol(Protocol.valueOf(PodChecks.protocol(port)))
                .setContainerPort(port.getContainerPort())
                .setHostPort(port.getHostPort() == null ? 0 : port.getHostPort())
                .setHostIp(orEmpty(port.getHostIP())));
      }
    }
    @Nullable PodDNSConfig dns = spec.getDnsConfig();
    if (dns != null) {
      sandbox.setDnsConfig(dns(dns));
    }
    LinuxPodSandboxConfig.Builder linux =
        LinuxPodSandboxConfig.newBuilder().setSecurityContext(SecurityTranslator.pod(spec));
    if (spec.getSecurityContext() != null) {
      spec.getSecurityContext()
          .getSysctls()
          .forEach(sysctl -> linux.putSysctls(sysctl.getName(), sysctl.getValue()));
    }
    return sandbox.setLinux(linux).build();
  }

  private String hostname(PodSpec spec) {
    String hostname =
        spec.getHostname() == null || spec.getHostname().isEmpty()
            ? pod.getMetadata().getName()
            : spec.getHostname();
    // hostname(7): 63 characters, and not ending in a separator (kubelet
    // truncatePodHostnameIfNeeded)
    return hostname.length() <= 63 ? hostname : hostname.substring(0, 63).replaceAll("[-.]+$", "");
  }

  private static DNSConfig dns(PodDNSConfig dns) {
    DNSConfig.Builder config =
        DNSConfig.newBuilder()
            .addAllServers(dns.getNameservers())
            .addAllSearches(dns.getSearches());
    dns.getOptions()
        .forEach(
            option ->
                config.addOptions(
                    option.getValue() == null
                        ? option.getName()
                        : option.getName() + ":" + option.getValue()));
    return config.build();
  }

  /**
   * A container; makes the directories of its volumes.
   *
   * @param imageId what the pull answered
   * @param podIp empty on the host's network
   * @param attempt how often it was restarted
   */
  public ContainerConfig container(Container container, String imageId, String podIp, int attempt)
      throws IOException {
    Map<String, String> env = env(container, podIp);
    ContainerConfig.Builder config =
        ContainerConfig.newBuilder()
            .setMetadata(
                ContainerMetadata.newBuilder().setName(container.getName()).setAttempt(attempt))
            .setImage(
                ImageSpec.newBuilder()
                    .setImage(imageId)
                    .setUserSpecifiedImage(container.getImage()))
            .setWorkingDir(orEmpty(container.getWorkingDir()))
            .setLogPath("%s/%d.log".formatted(container.getName(), attempt))
            .setStdin(Boolean.TRUE.equals(container.getStdin()))
            .setStdinOnce(Boolean.TRUE.equals(container.getStdinOnce()))
            .setTty(Boolean.TRUE.equals(container.getTty()))
            .putAllLabels(podLabels())
            .putLabels("io.kubernetes.container.name", container.getName())
            .setLinux(
                LinuxContainerConfig.newBuilder()
                    .setResources(ResourceTranslator.translate(container.getResources()))
                    .setSecurityContext(SecurityTranslator.container(pod.getSpec(), container)));
    container.getCommand().forEach(word -> config.addCommand(Expansion.expand(word, env)));
    container.getArgs().forEach(word -> config.addArgs(Expansion.expand(word, env)));
    env.forEach(
        (name, value) ->
            config.addEnvs(
                KeyValue.newBuilder().setKey(name).setValue(ByteString.copyFromUtf8(value))));
    for (VolumeMount mount : container.getVolumeMounts()) {
      config.addMounts(mount(mount));
    }
    return config.build();
  }

  private Map<String, String> env(Container container, String podIp) {
    Map<String, String> env = new LinkedHashMap<>();
    for (EnvVar each : container.getEnv()) {
      String value =
          each.getValueFrom() != null
              ? Downward.value(each.getValueFrom().getFieldRef().getFieldPath(), pod, place, podIp)
              : Expansion.expand(orEmpty(each.getValue()), env);
      env.put(each.getName(), value);
    }
    return env;
  }

  private Mount mount(VolumeMount mount) throws IOException {
    Volume volume =
        pod.getSpec().getVolumes().stream()
            .filter(each -> each.getName().equals(mount.getName()))
            .findFirst()
            .orElseThrow();
    @Nullable Long group =
        pod.getSpec().getSecurityContext() == null
            ? null
            : pod.getSpec().getSecurityContext().getFsGroup();
    Path host = Volumes.prepare(volume, place, group);
    if (mount.getSubPath() != null && !mount.getSubPath().isEmpty()) {
      host = host.resolve(mount.getSubPath());
      if (!Files.exists(host)) {
        Files.createDirectories(host);
      }
    }
    boolean readOnly = Boolean.TRUE.equals(mount.getReadOnly());
    String recursive = orEmpty(mount.getRecursiveReadOnly());
    return Mount.newBuilder()
        .setContainerPath(mount.getMountPath())
        .setHostPath(host.toString())
        .setReadonly(readOnly)
        .setRecursiveReadOnly(
            readOnly && (recursive.equals("Enabled") || recursive.equals("IfPossible")))
        .setPropagation(
            switch (orEmpty(mount.getMountPropagation())) {
              case "HostToContainer" -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
              case "Bidirectional" -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
              default -> MountPropagation.PROPAGATION_PRIVATE;
            })
        .build();
  }

  /** The pod's own labels and those by which crictl and the kubelet find its containers. */
  private Map<String, String> podLabels() {
    Map<String, String> labels = new LinkedHashMap<>(orEmpty(pod.getMetadata().getLabels()));
    labels.put("io.kubernetes.pod.name", pod.getMetadata().getName());
    labels.put("io.kubernetes.pod.namespace", namespace(pod));
    labels.put("io.kubernetes.pod.uid", place.uid());
    return labels;
  }

  private static String orEmpty(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : map;
  }

  /** Whether an init container runs beside the others instead of before them. */
  public static boolean isSidecar(Container initContainer) {
    return "Always".equals(initContainer.getRestartPolicy());
  }

  /** {@code spec.restartPolicy}. */
  public String restartPolicy() {
    @Nullable String policy = pod.getSpec().getRestartPolicy();
    return policy == null ? "Always" : policy;
  }

  /** How long containers may take to end after the stop signal. */
  public long graceSeconds() {
    @Nullable Long grace = pod.getSpec().getTerminationGracePeriodSeconds();
    return grace == null ? 30 : grace;
  }

  /** Containers that run one after the other before the rest, and sidecars. */
  public List<Container> initContainers() {
    return pod.getSpec().getInitContainers();
  }

  /** The containers. */
  public List<Container> containers() {
    return pod.getSpec().getContainers();
  }
}
