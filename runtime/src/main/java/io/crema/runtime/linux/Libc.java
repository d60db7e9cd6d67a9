package io.crema.runtime.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The project's only native methods: {@code syscall(2)} in the argument shapes that are used,
 * direct-mapped by JNA (a direct-mapped call costs some 100 ns; a proxied one several
 * microseconds).
 *
 * <p>Structures and strings travel as byte arrays: JNA hands the callee a copy and copies it back,
 * so there is no native memory to own. {@code throws LastErrorException} makes JNA read errno
 * within the native call, which keeps it right on virtual threads.
 */
public final class Libc {
  static {
    Native.register(Libc.class, NativeLibrary.getInstance("c"));
  }

  private Libc() {}

  /** All integers. */
  static native long syscall(long nr, long a, long b, long c, long d, long e, long f)
      throws LastErrorException;

  /** A pointer first: mount-like and path calls without a directory. */
  static native long syscall(long nr, byte[] a, long b, long c, long d, long e, long f)
      throws LastErrorException;

  /** A pointer second: the *at calls, read, write. */
  static native long syscall(long nr, long a, byte[] b, long c, long d, long e, long f)
      throws LastErrorException;

  /** Pointers second and third: openat2, fsconfig without value, symlink-like. */
  static native long syscall(long nr, long a, byte[] b, byte[] c, long d, long e, long f)
      throws LastErrorException;

  /** A pointer third: epoll_ctl's siblings, fsconfig flags. */
  static native long syscall(long nr, long a, long b, byte[] c, long d, long e, long f)
      throws LastErrorException;

  /** A pointer fourth: mount_setattr without path, getsockopt, epoll_ctl. */
  static native long syscall(long nr, long a, long b, long c, byte[] d, long e, long f)
      throws LastErrorException;

  /** Pointers third and fourth: fsconfig with key and value. */
  static native long syscall(long nr, long a, long b, byte[] c, byte[] d, long e, long f)
      throws LastErrorException;

  /** Pointers first and third: symlinkat. */
  static native long syscall(long nr, byte[] a, long b, byte[] c, long d, long e, long f)
      throws LastErrorException;

  /** Pointers first and second. */
  static native long syscall(long nr, byte[] a, byte[] b, long c, long d, long e, long f)
      throws LastErrorException;

  /** Pointers first to third: mount(2), xattrs. */
  static native long syscall(long nr, byte[] a, byte[] b, byte[] c, long d, long e, long f)
      throws LastErrorException;

  /** Pointers first to third and fifth: mount(2) with data. */
  static native long syscall(long nr, byte[] a, byte[] b, byte[] c, long d, byte[] e, long f)
      throws LastErrorException;

  /** Pointers second and fourth: linkat, renameat2, move_mount, mount_setattr with path. */
  static native long syscall(long nr, long a, byte[] b, long c, byte[] d, long e, long f)
      throws LastErrorException;

  /** A pointer second and fifth: statx. */
  static native long syscall(long nr, long a, byte[] b, long c, long d, byte[] e, long f)
      throws LastErrorException;

  /** Native memory second, for structures that point to others: sendmsg, recvmsg. */
  static native long syscall(long nr, long a, Pointer b, long c, long d, long e, long f)
      throws LastErrorException;

  /** A direct buffer second, which travels without a copy: write of bulk data. */
  static native long syscall(long nr, long a, Buffer b, long c, long d, long e, long f)
      throws LastErrorException;

  /**
   * Closes {@code fd}; the kernel has freed it whatever it answers (close(2), "Dealing with error
   * returns").
   */
  static void close(int fd) {
    try {
      syscall(Sys.CLOSE.number(), fd, 0L, 0, 0, 0, 0);
    } catch (LastErrorException e) {
      if (e.getErrorCode() == Errno.EBADF.number()) {
        throw new IllegalStateException("close(" + fd + "): somebody else closed it", e);
      }
    }
  }

  /** A NUL-terminated copy of {@code s}; refuses an embedded NUL, which the kernel would cut at. */
  public static byte[] cstr(String s) {
    byte[] utf8 = FileNames.encode(s);
    byte[] out = new byte[utf8.length + 1];
    System.arraycopy(utf8, 0, out, 0, utf8.length);
    for (byte b : utf8) {
      if (b == 0) {
        throw new IllegalArgumentException("a NUL character in \"" + s.replace("\0", "\\0") + "\"");
      }
    }
    return out;
  }

  /**
   * A zeroed buffer of the machine's byte order, to lay a structure out in; pass its {@code
   * array()}.
   */
  public static ByteBuffer struct(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }
}
