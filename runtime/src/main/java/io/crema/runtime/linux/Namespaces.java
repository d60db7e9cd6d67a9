package io.crema.runtime.linux;

/**
 * unshare(2), setns(2) and the like: they act on the calling thread, so each belongs on a thread of
 * its own.
 */
public interface Namespaces {
  int CLONE_NEWTIME = 0x80;
  int CLONE_FS = 0x200;
  int CLONE_NEWNS = 0x20000;
  int CLONE_NEWCGROUP = 0x2000000;
  int CLONE_NEWUTS = 0x4000000;
  int CLONE_NEWIPC = 0x8000000;
  int CLONE_NEWUSER = 0x10000000;
  int CLONE_NEWPID = 0x20000000;
  int CLONE_NEWNET = 0x40000000;

  /** The kernel's own. */
  static Namespaces linux() {
    return LinuxNamespaces.INSTANCE;
  }

  /** Gives the calling thread new namespaces; only from {@link NamespaceThread}. */
  void unshare(int flags) throws ErrnoException;

  /**
   * Moves the calling thread into the namespace (or, with a pidfd, the process's namespaces); only
   * from {@link NamespaceThread}.
   */
  void setns(Fd namespace, int flags) throws ErrnoException;

  /** A descriptor of the calling thread's namespace {@code kind}: net, ipc, uts, user, mnt, pid. */
  Fd current(String kind) throws ErrnoException;

  /** sethostname(2), in the calling thread's UTS namespace. */
  void setHostname(String name) throws ErrnoException;

  /**
   * fchdir(2), of the calling thread if it has a working directory of its own, as after {@code
   * unshare(CLONE_NEWNS)}.
   */
  void changeDirectory(Fd directory) throws ErrnoException;
}
