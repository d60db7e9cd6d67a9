package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Sys;
import java.util.List;
import java.util.Set;

/**
 * One step of a launch. Steps run in order in the new process; the first that fails ends the
 * launch.
 */
public sealed interface Step {
  /** What this step is for, in words of the container: {@code mount /data (hostPath /srv/x)}. */
  String purpose();

  /**
   * A system call.
   *
   * @param arguments at most six
   * @param tolerated errors that count as success (at most {@value #MAX_TOLERATED})
   */
  record Call(String purpose, Sys sys, List<Arg> arguments, Set<Errno> tolerated) implements Step {
    /** How many errors one step may tolerate: what the encoding has room for. */
    public static final int MAX_TOLERATED = 4;

    public Call {
      arguments = List.copyOf(arguments);
      tolerated = Set.copyOf(tolerated);
      if (arguments.size() > 6) {
        throw new IllegalArgumentException(sys + " takes at most 6 arguments");
      }
      if (tolerated.size() > MAX_TOLERATED) {
        throw new IllegalArgumentException(sys + ": too many tolerated errors: " + tolerated);
      }
    }
  }

  /** Waits until the keeper is told to go on: everything before it is done ahead of the start. */
  record Wait(String purpose) implements Step {}

  /** Gives the descriptor that an earlier step opened to the keeper: a terminal's other end. */
  record Give(String purpose, int tag, Arg descriptor) implements Step {
    /** The tag of a terminal's master, which becomes the launch's standard streams. */
    public static final int TERMINAL = 1;
  }

  /**
   * Stays, without an execve, as the init of its PID namespace: the launch has succeeded, and the
   * process reaps whatever is given to it until it is killed.
   */
  record Init(String purpose) implements Step {}

  /**
   * Goes on in a clone of the process, made by clone(2) with {@code flags}; what was the process
   * ends. Only so can a process be born in a PID namespace that belongs to a user namespace which
   * this launch has entered: setns(2) and unshare(2) change the PID namespace of children only.
   *
   * @param flags {@code CLONE_NEW*}
   * @param label how a reader would write them
   */
  record Clone(String purpose, int flags, String label) implements Step {}

  /**
   * Ends the launch with {@code errno}: reached when every alternative before it was tolerated
   * away.
   */
  record Fail(String purpose, Errno errno) implements Step {}
}
