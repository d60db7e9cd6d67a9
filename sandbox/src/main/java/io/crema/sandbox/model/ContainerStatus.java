package io.crema.sandbox.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container as it is. Times in nanoseconds since the epoch, 0 when not yet; {@code logPath} is
 * absolute or empty; {@code pid} is 0 unless it runs.
 */
public record ContainerStatus(
    String id,
    String podId,
    ContainerConfig config,
    ContainerState state,
    long createdAt,
    long startedAt,
    long finishedAt,
    int exitCode,
    String reason,
    String message,
    String imageId,
    String imageName,
    String imageRef,
    String logPath,
    ContainerResources resources,
    @Nullable ContainerUser user,
    String stopSignal,
    int pid,
    Map<String, String> info) {
  public ContainerStatus {
    info = Map.copyOf(info);
  }
}
