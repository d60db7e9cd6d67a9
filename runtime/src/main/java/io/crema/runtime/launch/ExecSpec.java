package io.crema.runtime.launch;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A further process in a container that runs.
 *
 * @param joins which namespaces of the container's first process to enter, PID excepted (the
 *     process is born in it); MOUNT always
 * @param users the ids of the user namespace; null unless {@code joins} has USER
 * @param cgroupJoins names of slots, each a v1 hierarchy's {@code tasks} file opened for writing
 */
public record ExecSpec(
    Set<Joined> joins, @Nullable UserMap users, List<String> cgroupJoins, ProcessSpec process) {
  public ExecSpec {
    joins = Set.copyOf(joins);
    cgroupJoins = List.copyOf(cgroupJoins);
    if (!joins.contains(Joined.MOUNT) || joins.contains(Joined.PID)) {
      throw new IllegalArgumentException("an exec joins MOUNT and never PID: " + joins);
    }
    if (joins.contains(Joined.USER) != (users != null)) {
      throw new IllegalArgumentException("a user namespace to join, and what it maps, go together");
    }
  }
}
