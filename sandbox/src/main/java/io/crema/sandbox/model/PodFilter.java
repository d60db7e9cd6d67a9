package io.crema.sandbox.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which sandboxes to list; empty and null fields match all, the id matches as a prefix (CRI
 * PodSandboxFilter).
 */
public record PodFilter(String id, @Nullable PodState state, Map<String, String> labels) {
  public PodFilter {
    labels = Map.copyOf(labels);
  }
}
