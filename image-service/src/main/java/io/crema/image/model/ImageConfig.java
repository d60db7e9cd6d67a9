package io.crema.image.model;

import java.util.List;
import java.util.Map;

/**
 * What an image says about the processes that run from it (OCI image-spec config.md).
 *
 * @param created RFC 3339, or empty
 * @param env {@code NAME=value}, in order
 * @param user {@code user[:group]}, each a name or number; empty means root
 * @param workingDir absolute, or empty
 * @param exposedPorts such as {@code 80/tcp}
 * @param volumes paths
 * @param stopSignal name or number, or empty
 * @param diffIds digests of the unpacked layers, bottom first
 */
public record ImageConfig(
    Platform platform,
    String created,
    String author,
    List<String> env,
    List<String> entrypoint,
    List<String> cmd,
    String user,
    String workingDir,
    List<String> exposedPorts,
    List<String> volumes,
    Map<String, String> labels,
    String stopSignal,
    List<Digest> diffIds) {
  public ImageConfig {
    env = List.copyOf(env);
    entrypoint = List.copyOf(entrypoint);
    cmd = List.copyOf(cmd);
    exposedPorts = List.copyOf(exposedPorts);
    volumes = List.copyOf(volumes);
    labels = Map.copyOf(labels);
    diffIds = List.copyOf(diffIds);
  }
}
