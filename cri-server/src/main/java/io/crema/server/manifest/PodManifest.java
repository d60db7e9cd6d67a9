package io.crema.server.manifest;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/**
 * A pod that somebody wants, checked.
 *
 * @param file where it was read
 * @param warnings what it asks for that is left out without a kubelet, one line each
 */
public record PodManifest(String file, Pod pod, List<String> warnings) {
  public PodManifest {
    warnings = List.copyOf(warnings);
  }

  /** {@code metadata.name}. */
  public String name() {
    return pod.getMetadata().getName();
  }
}
