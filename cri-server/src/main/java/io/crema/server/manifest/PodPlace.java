package io.crema.server.manifest;

import java.nio.file.Path;

/**
 * Where a pod from a manifest lives on this node.
 *
 * @param uid the pod's own
 * @param nodeName the host's name
 * @param disk directory of the pod's volumes and logs
 * @param memory directory of the pod's volumes in memory
 */
public record PodPlace(String uid, String nodeName, Path disk, Path memory) {
  /** Where the containers' logs are. */
  public Path logs() {
    return disk.resolve("logs");
  }
}
