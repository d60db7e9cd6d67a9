package io.crema.runtime.linux;

import java.util.List;
import java.util.OptionalInt;

/** posix_spawn(3), kill(2), wait4(2), pidfd_open(2), pidfd_send_signal(2). */
public interface Processes {
  int SIGHUP = 1;
  int SIGINT = 2;
  int SIGKILL = 9;
  int SIGTERM = 15;

  /** The kernel's own. */
  static Processes linux() {
    return LinuxProcesses.INSTANCE;
  }

  /**
   * Starts {@code executable} in a session of its own, without environment, with {@code stdin} as
   * its standard input and /dev/null as its other two. The caller is its parent and has to {@link
   * #reap} it.
   *
   * @return its process id
   */
  int spawn(String executable, List<String> argv, Fd stdin) throws ErrnoException;

  /** Sends {@code signal}; 0 only asks whether the process exists. */
  void kill(int pid, int signal) throws ErrnoException;

  /** The wait status of child {@code pid}, or empty when it runs on and {@code block} is false. */
  OptionalInt reap(int pid, boolean block) throws ErrnoException;

  /** A descriptor of process {@code pid}, readable when it has ended. */
  Fd pidfd(int pid) throws ErrnoException;

  /** Sends {@code signal} to the process of {@code pidfd}. */
  void signal(Fd pidfd, int signal) throws ErrnoException;
}
