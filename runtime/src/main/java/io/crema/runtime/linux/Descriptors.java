package io.crema.runtime.linux;

import java.nio.ByteBuffer;

/**
 * Calls on any descriptor: read(2), write(2), pipe(2), dup(2), fcntl(2), memfd_create(2),
 * eventfd(2).
 */
public interface Descriptors {
  /** {@code O_NONBLOCK} of fcntl.h; the same number on both architectures. */
  int O_NONBLOCK = 0x800;

  /** {@code O_CLOEXEC} of fcntl.h. */
  int O_CLOEXEC = 0x80000;

  /** The kernel's own. */
  static Descriptors linux() {
    return LinuxDescriptors.INSTANCE;
  }

  /** A pipe's two ends. */
  record Pipe(Fd readEnd, Fd writeEnd) implements AutoCloseable {
    @Override
    public void close() {
      readEnd.close();
      writeEnd.close();
    }
  }

  /**
   * Reads into {@code buffer[offset..offset+length)}.
   *
   * @return bytes read, 0 at the end, or -1 when the descriptor is non-blocking and has none
   *     (EAGAIN)
   */
  int read(Fd fd, byte[] buffer, int offset, int length) throws ErrnoException;

  /**
   * Writes from {@code buffer}.
   *
   * @return bytes written, or -1 when the descriptor is non-blocking and full (EAGAIN)
   */
  int write(Fd fd, byte[] buffer, int offset, int length) throws ErrnoException;

  /**
   * Writes all of the first {@code length} bytes of a direct buffer, whatever its position, to a
   * blocking descriptor; copies nothing.
   */
  void writeAll(Fd fd, ByteBuffer direct, int length) throws ErrnoException;

  /** Writes all of {@code bytes} to a blocking descriptor. */
  void writeAll(Fd fd, byte[] bytes) throws ErrnoException;

  /** A new pipe, close-on-exec; {@code flags} may add {@link #O_NONBLOCK} to both ends. */
  Pipe pipe(String what, int flags) throws ErrnoException;

  /** A second descriptor of the same open file. */
  Fd duplicate(Fd fd) throws ErrnoException;

  /** Makes the open file of {@code fd} non-blocking or blocking again. */
  void setNonBlocking(Fd fd, boolean on) throws ErrnoException;

  /** An anonymous file in memory with {@code content}, its offset at the start. */
  Fd memfd(String name, byte[] content) throws ErrnoException;

  /**
   * An anonymous, executable file in memory that nobody can ever change: run by its {@link
   * Fd#procPath}, a program in it can't be overwritten through /proc/PID/exe.
   */
  Fd sealedProgram(String name, byte[] content) throws ErrnoException;

  /** Sets the file offset, from the start. */
  void seek(Fd fd, long offset) throws ErrnoException;

  /** Cuts or extends (with a hole) the file. */
  void truncate(Fd fd, long size) throws ErrnoException;

  /** Flushes the whole file system that {@code fd} lies on: syncfs(2). */
  void syncFileSystem(Fd fd) throws ErrnoException;

  /** Flushes data and metadata to the device. */
  void fsync(Fd fd) throws ErrnoException;

  /** ioctl(2) with an integer argument. */
  long ioctl(Fd fd, long request, long argument) throws ErrnoException;

  /** ioctl(2) with a structure, read and written in place. */
  long ioctl(Fd fd, long request, byte[] argument) throws ErrnoException;
}
