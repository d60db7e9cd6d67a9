package io.crema.sandbox.model;

import org.jspecify.annotations.Nullable;

/**
 * CRI Device.
 *
 * @param node what the node is, when that isn't read from {@code hostPath}
 */
public record ContainerDevice(
    String containerPath, String hostPath, String permissions, @Nullable Node node) {

  /** As the CRI has it: the node is as the host's. */
  public ContainerDevice(String containerPath, String hostPath, String permissions) {
    this(containerPath, hostPath, permissions, null);
  }

  /** A device node, said in full. */
  public record Node(boolean block, int major, int minor, int mode, long uid, long gid) {}
}
