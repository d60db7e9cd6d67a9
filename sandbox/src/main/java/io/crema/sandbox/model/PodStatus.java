package io.crema.sandbox.model;

import java.util.List;
import java.util.Map;

/**
 * A sandbox as it is. Times in nanoseconds since the epoch; {@code ips} is empty on the host's
 * network.
 */
public record PodStatus(
    String id,
    PodConfig config,
    PodState state,
    long createdAt,
    List<String> ips,
    String runtimeHandler,
    Map<String, String> info) {
  public PodStatus {
    ips = List.copyOf(ips);
    info = Map.copyOf(info);
  }
}
