package io.crema.sandbox.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a sandbox shall be (CRI PodSandboxConfig). */
public record PodConfig(
    PodMetadata metadata,
    String hostname,
    String logDirectory,
    @Nullable DnsConfig dns,
    List<PortMapping> ports,
    Map<String, String> labels,
    Map<String, String> annotations,
    String cgroupParent,
    PodSecurity security,
    Map<String, String> sysctls,
    @Nullable ContainerResources overhead,
    @Nullable ContainerResources resources) {
  public PodConfig {
    ports = List.copyOf(ports);
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
    sysctls = Map.copyOf(sysctls);
  }

  /** The same, told of other resources. */
  public PodConfig with(
      @Nullable ContainerResources newOverhead, @Nullable ContainerResources newResources) {
    return new PodConfig(
        metadata,
        hostname,
        logDirectory,
        dns,
        ports,
        labels,
        annotations,
        cgroupParent,
        security,
        sysctls,
        newOverhead,
        newResources);
  }
}
