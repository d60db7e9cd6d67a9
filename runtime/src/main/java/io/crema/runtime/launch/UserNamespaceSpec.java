package io.crema.runtime.launch;

/**
 * The user namespace that a launch enters, by the slot of {@link Joined#USER}.
 *
 * <p>The process belongs to the host's until then, and does there what needs the host's privileges.
 *
 * @param pids the PID namespace, and so whose proc file system can be mounted
 */
public record UserNamespaceSpec(UserMap map, Pids pids) {
  /** Where the process is in PIDs. */
  public enum Pids {
    /** In the host's PID namespace: proc is mounted before the user namespace is entered. */
    HOST,
    /** Born in one that belongs to the user namespace. */
    JOINED,
    /** In a new one, which belongs to the user namespace. */
    NEW
  }
}
