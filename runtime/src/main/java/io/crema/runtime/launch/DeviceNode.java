package io.crema.runtime.launch;

/**
 * A device node in a container.
 *
 * @param path absolute, in the container; below /dev as a rule
 * @param block a block device, else a character device
 * @param mode permission bits
 * @param uid of the host, also in a user namespace
 * @param gid of the host
 */
public record DeviceNode(
    String path, boolean block, int major, int minor, int mode, int uid, int gid) {
  /** A character device of root. */
  public static DeviceNode character(String path, int major, int minor, int mode) {
    return new DeviceNode(path, false, major, minor, mode, 0, 0);
  }

  /** The same, of another user and group. */
  DeviceNode ownedBy(int newUid, int newGid) {
    return new DeviceNode(path, block, major, minor, mode, newUid, newGid);
  }
}
