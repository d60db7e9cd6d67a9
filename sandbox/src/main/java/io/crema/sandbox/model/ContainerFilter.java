package io.crema.sandbox.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which containers to list (CRI ContainerFilter); ids match as prefixes. */
public record ContainerFilter(
    String id, @Nullable ContainerState state, String podId, Map<String, String> labels) {
  public ContainerFilter {
    labels = Map.copyOf(labels);
  }
}
