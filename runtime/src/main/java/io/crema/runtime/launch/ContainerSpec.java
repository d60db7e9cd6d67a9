package io.crema.runtime.launch;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that a container is, resolved: no names left to look up, nothing of the CRI.
 *
 * @param joins namespaces to enter: NET, IPC, UTS, USER only. PID is the clone's affair (a flag or
 *     a namespace to be born in), the mount namespace is always new
 * @param user what there is to know of the user namespace; null unless {@code joins} has USER. NET,
 *     IPC and UTS belong to it then
 * @param newCgroupNamespace as runtimes do on v2 hosts
 * @param mounts in the order in which they are made; see {@link StandardMounts}
 * @param maskedPaths files and directories that show empty; may be missing
 * @param readonlyPaths files and directories that can't be written to; may be missing
 * @param cgroupJoins names of slots, each a v1 hierarchy's {@code tasks} file opened for writing
 * @param waits whether the process waits before execve until it is told to go on
 */
public record ContainerSpec(
    Set<Joined> joins,
    @Nullable UserNamespaceSpec user,
    boolean newCgroupNamespace,
    RootFs root,
    boolean readonlyRoot,
    List<MountSpec> mounts,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    List<String> cgroupJoins,
    boolean waits,
    ProcessSpec process) {
  private static final Set<Joined> JOINABLE =
      EnumSet.of(Joined.NET, Joined.IPC, Joined.UTS, Joined.USER);

  public ContainerSpec {
    joins = Set.copyOf(joins);
    mounts = List.copyOf(mounts);
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
    cgroupJoins = List.copyOf(cgroupJoins);
    if (!JOINABLE.containsAll(joins)) {
      throw new IllegalArgumentException("a container can't join all of " + joins);
    }
    if (joins.contains(Joined.USER) != (user != null)) {
      throw new IllegalArgumentException("a user namespace to join, and what it maps, go together");
    }
  }
}
