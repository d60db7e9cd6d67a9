package io.crema.runtime.linux;

/** {@link Namespaces} by system calls. */
final class LinuxNamespaces implements Namespaces {
  static final LinuxNamespaces INSTANCE = new LinuxNamespaces();

  @Override
  public void unshare(int flags) throws ErrnoException {
    Calls.check(
        Sys.UNSHARE,
        () -> "0x" + Integer.toHexString(flags),
        () -> Libc.syscall(Sys.UNSHARE.number(), flags & 0xffffffffL, 0L, 0, 0, 0, 0));
  }

  @Override
  public void setns(Fd namespace, int flags) throws ErrnoException {
    Calls.check(
        Sys.SETNS,
        () -> namespace + ", 0x" + Integer.toHexString(flags),
        () ->
            Libc.syscall(Sys.SETNS.number(), namespace.number(), flags & 0xffffffffL, 0L, 0, 0, 0));
  }

  @Override
  public Fd current(String kind) throws ErrnoException {
    return Paths.linux().open("/proc/thread-self/ns/" + kind, Paths.O_RDONLY, 0);
  }

  @Override
  public void setHostname(String name) throws ErrnoException {
    byte[] bytes = Libc.cstr(name);
    Calls.check(
        Sys.SETHOSTNAME,
        () -> name,
        () -> Libc.syscall(Sys.SETHOSTNAME.number(), bytes, bytes.length - 1L, 0, 0, 0, 0));
  }

  @Override
  public void changeDirectory(Fd directory) throws ErrnoException {
    Calls.check(
        Sys.FCHDIR,
        directory::toString,
        () -> Libc.syscall(Sys.FCHDIR.number(), directory.number(), 0L, 0, 0, 0, 0));
  }
}
