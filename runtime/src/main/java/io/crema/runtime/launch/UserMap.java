package io.crema.runtime.launch;

/**
 * The ids of a user namespace: its user n is the host's {@code hostUid + n} for every n below
 * {@code uids}, and groups likewise (user_namespaces(7)). One range each, as the kubelet hands them
 * out.
 *
 * @param uids how many users there are; at least 1, since container id 0 must be mapped
 */
public record UserMap(long hostUid, long uids, long hostGid, long gids) {
  /** (uid_t) -1 is no id. */
  private static final long END = 0xffff_ffffL;

  public UserMap {
    check("user", hostUid, uids);
    check("group", hostGid, gids);
  }

  private static void check(String kind, long host, long count) {
    if (host < 0 || count < 1 || host + count > END) {
      throw new IllegalArgumentException(
          kind + " ids 0 to " + (count - 1) + " mapped from host id " + host + ": not a range");
    }
  }

  /** The host's id of the namespace's user {@code uid}. */
  public int hostUidOf(int uid) {
    return host("user", uid, hostUid, uids);
  }

  /** The host's id of the namespace's group {@code gid}. */
  public int hostGidOf(int gid) {
    return host("group", gid, hostGid, gids);
  }

  private static int host(String kind, int id, long host, long count) {
    long n = Integer.toUnsignedLong(id);
    if (n >= count) {
      throw new IllegalArgumentException(
          "%s %d is not in the pod's user namespace, which has %ss 0 to %d"
              .formatted(kind, n, kind, count - 1));
    }
    return (int) (host + n);
  }

  /** What goes into /proc/PID/uid_map. */
  public String uidMap() {
    return "0 " + hostUid + " " + uids + "\n";
  }

  /** What goes into /proc/PID/gid_map. */
  public String gidMap() {
    return "0 " + hostGid + " " + gids + "\n";
  }
}
