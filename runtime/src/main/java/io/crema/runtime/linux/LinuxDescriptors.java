package io.crema.runtime.linux;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** {@link Descriptors} by system calls. */
final class LinuxDescriptors implements Descriptors {
  static final LinuxDescriptors INSTANCE = new LinuxDescriptors();

  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_SEAL_ALL = 0xf; // SEAL, SHRINK, GROW, WRITE (linux/fcntl.h)
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int MFD_EXEC = 0x10;

  @Override
  public int read(Fd fd, byte[] buffer, int offset, int length) throws ErrnoException {
    byte[] target = offset == 0 ? buffer : new byte[length];
    int n =
        (int)
            Calls.checkUnless(
                Errno.EAGAIN,
                Sys.READ,
                fd::toString,
                () -> Libc.syscall(Sys.READ.number(), fd.number(), target, length, 0, 0, 0));
    if (n > 0 && target != buffer) {
      System.arraycopy(target, 0, buffer, offset, n);
    }
    return n == -Errno.EAGAIN.number() ? -1 : n;
  }

  @Override
  public int write(Fd fd, byte[] buffer, int offset, int length) throws ErrnoException {
    byte[] source = offset == 0 ? buffer : Arrays.copyOfRange(buffer, offset, offset + length);
    int n =
        (int)
            Calls.checkUnless(
                Errno.EAGAIN,
                Sys.WRITE,
                fd::toString,
                () -> Libc.syscall(Sys.WRITE.number(), fd.number(), source, length, 0, 0, 0));
    return n == -Errno.EAGAIN.number() ? -1 : n;
  }

  @Override
  public void writeAll(Fd fd, byte[] bytes) throws ErrnoException {
    for (int done = 0; done < bytes.length; ) {
      int n = write(fd, bytes, done, bytes.length - done);
      if (n < 0) {
        throw new ErrnoException("write", fd.toString(), Errno.EAGAIN.number());
      }
      done += n;
    }
  }

  @Override
  public void writeAll(Fd fd, ByteBuffer direct, int length) throws ErrnoException {
    if (!direct.isDirect() || length > direct.capacity()) {
      throw new IllegalArgumentException("not a direct buffer of " + length + " bytes");
    }
    for (int done = 0; done < length; ) {
      // JNA passes the address of the buffer's position; a slice starts where it should
      ByteBuffer rest = direct.slice(done, length - done);
      int left = length - done;
      done +=
          (int)
              Calls.check(
                  Sys.WRITE,
                  fd::toString,
                  () -> Libc.syscall(Sys.WRITE.number(), fd.number(), rest, left, 0, 0, 0));
    }
  }

  @Override
  public void seek(Fd fd, long offset) throws ErrnoException {
    Calls.check(
        Sys.LSEEK,
        () -> fd + ", " + offset,
        () -> Libc.syscall(Sys.LSEEK.number(), fd.number(), offset, 0L, 0, 0, 0));
  }

  @Override
  public void truncate(Fd fd, long size) throws ErrnoException {
    Calls.check(
        Sys.FTRUNCATE,
        () -> fd + ", " + size,
        () -> Libc.syscall(Sys.FTRUNCATE.number(), fd.number(), size, 0L, 0, 0, 0));
  }

  @Override
  public void syncFileSystem(Fd fd) throws ErrnoException {
    Calls.check(
        Sys.SYNCFS,
        fd::toString,
        () -> Libc.syscall(Sys.SYNCFS.number(), fd.number(), 0L, 0, 0, 0, 0));
  }

  @Override
  public Pipe pipe(String what, int flags) throws ErrnoException {
    ByteBuffer fds = Libc.struct(8);
    Calls.check(
        Sys.PIPE2,
        () -> what,
        () -> Libc.syscall(Sys.PIPE2.number(), fds.array(), O_CLOEXEC | flags, 0, 0, 0, 0));
    return new Pipe(Fd.own(fds.getInt(0), what), Fd.own(fds.getInt(4), what));
  }

  @Override
  public Fd duplicate(Fd fd) throws ErrnoException {
    return Fd.own(fcntl(fd, F_DUPFD_CLOEXEC, 3), fd.what());
  }

  @Override
  public void setNonBlocking(Fd fd, boolean on) throws ErrnoException {
    long flags = fcntl(fd, F_GETFL, 0);
    fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
  }

  private static long fcntl(Fd fd, int command, long argument) throws ErrnoException {
    return Calls.check(
        Sys.FCNTL,
        () -> fd + ", " + command + ", " + argument,
        () -> Libc.syscall(Sys.FCNTL.number(), fd.number(), command, argument, 0, 0, 0));
  }

  @Override
  public Fd memfd(String name, byte[] content) throws ErrnoException {
    Fd fd = memfd(name, MFD_CLOEXEC);
    try {
      fill(fd, content);
      return fd;
    } catch (ErrnoException e) {
      fd.close();
      throw e;
    }
  }

  @Override
  public Fd sealedProgram(String name, byte[] content) throws ErrnoException {
    Fd fd;
    try {
      fd = memfd(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EINVAL)) {
        throw e;
      }
      fd = memfd(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); // Linux < 6.3: executable anyway
    }
    try {
      fill(fd, content);
      fcntl(fd, F_ADD_SEALS, F_SEAL_ALL);
      return fd;
    } catch (ErrnoException e) {
      fd.close();
      throw e;
    }
  }

  private static Fd memfd(String name, int flags) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.MEMFD_CREATE,
            () -> name,
            () -> Libc.syscall(Sys.MEMFD_CREATE.number(), Libc.cstr(name), flags, 0, 0, 0, 0)),
        name);
  }

  private static void fill(Fd fd, byte[] content) throws ErrnoException {
    for (int done = 0; done < content.length; ) {
      byte[] rest = done == 0 ? content : Arrays.copyOfRange(content, done, content.length);
      int at = done;
      done +=
          (int)
              Calls.check(
                  Sys.PWRITE64,
                  fd::toString,
                  () ->
                      Libc.syscall(
                          Sys.PWRITE64.number(), fd.number(), rest, rest.length, at, 0, 0));
    }
  }

  @Override
  public void fsync(Fd fd) throws ErrnoException {
    Calls.check(
        Sys.FSYNC,
        fd::toString,
        () -> Libc.syscall(Sys.FSYNC.number(), fd.number(), 0L, 0, 0, 0, 0));
  }

  @Override
  public long ioctl(Fd fd, long request, long argument) throws ErrnoException {
    return Calls.check(
        Sys.IOCTL,
        () -> fd + ", 0x" + Long.toHexString(request),
        () -> Libc.syscall(Sys.IOCTL.number(), fd.number(), request, argument, 0, 0, 0));
  }

  @Override
  public long ioctl(Fd fd, long request, byte[] argument) throws ErrnoException {
    return Calls.check(
        Sys.IOCTL,
        () -> fd + ", 0x" + Long.toHexString(request),
        () -> Libc.syscall(Sys.IOCTL.number(), fd.number(), request, argument, 0, 0, 0));
  }
}
