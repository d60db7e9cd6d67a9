package io.crema.runtime.linux;

import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Sockets} by system calls. */
final class LinuxSockets implements Sockets {
  static final LinuxSockets INSTANCE = new LinuxSockets();

  private static final int SUN_PATH = 108;
  private static final int SCM_RIGHTS = 1;
  private static final int SO_ATTACH_FILTER = 26;
  private static final long SHUT_WR = 1;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_CTRUNC = 0x08;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSGHDR = 56; // struct msghdr of 64-bit architectures, bits/socket.h
  private static final int IOVEC = 16;
  private static final int CMSGHDR = 16;

  @Override
  public Fd socket(int domain, int type, int protocol) throws ErrnoException {
    return Fd.own(
        Calls.check(
            Sys.SOCKET,
            () -> domain + ", " + type + ", " + protocol,
            () ->
                Libc.syscall(
                    Sys.SOCKET.number(), domain, (long) type | SOCK_CLOEXEC, protocol, 0, 0, 0)),
        "socket");
  }

  @Override
  public List<Fd> pair(int type) throws ErrnoException {
    ByteBuffer fds = Libc.struct(8);
    Calls.check(
        Sys.SOCKETPAIR,
        () -> "AF_UNIX, " + type,
        () ->
            Libc.syscall(
                Sys.SOCKETPAIR.number(), AF_UNIX, type | SOCK_CLOEXEC, 0, fds.array(), 0, 0));
    return List.of(Fd.own(fds.getInt(0), "socketpair"), Fd.own(fds.getInt(4), "socketpair"));
  }

  private static byte[] unixAddress(String path) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length >= SUN_PATH) {
      throw new IllegalArgumentException(
          "socket path " + path + " has " + name.length + " bytes; at most 107 fit (unix(7))");
    }
    ByteBuffer b = Libc.struct(2 + name.length + 1);
    b.putShort((short) AF_UNIX).put(name);
    return b.array();
  }

  @Override
  public void bindUnix(Fd socket, String path) throws ErrnoException {
    byte[] address = unixAddress(path);
    Calls.check(
        Sys.BIND,
        () -> socket + ", " + path,
        () -> Libc.syscall(Sys.BIND.number(), socket.number(), address, address.length, 0, 0, 0));
  }

  @Override
  public void connectUnix(Fd socket, String path) throws ErrnoException {
    byte[] address = unixAddress(path);
    Calls.check(
        Sys.CONNECT,
        () -> socket + ", " + path,
        () ->
            Libc.syscall(Sys.CONNECT.number(), socket.number(), address, address.length, 0, 0, 0));
  }

  @Override
  public boolean connect(Fd socket, byte[] sockaddr) throws ErrnoException {
    try {
      Calls.check(
          Sys.CONNECT,
          socket::toString,
          () ->
              Libc.syscall(
                  Sys.CONNECT.number(), socket.number(), sockaddr, sockaddr.length, 0, 0, 0));
      return true;
    } catch (ErrnoException e) {
      return switch (e.errno()) {
        case EINPROGRESS, EALREADY -> false;
        case EISCONN -> true;
        default -> throw e;
      };
    }
  }

  @Override
  public void shutdownOutput(Fd socket) throws ErrnoException {
    Calls.check(
        Sys.SHUTDOWN,
        () -> socket + ", SHUT_WR",
        () -> Libc.syscall(Sys.SHUTDOWN.number(), socket.number(), SHUT_WR, 0, 0, 0, 0));
  }

  @Override
  public void bind(Fd socket, byte[] sockaddr) throws ErrnoException {
    Calls.check(
        Sys.BIND,
        socket::toString,
        () -> Libc.syscall(Sys.BIND.number(), socket.number(), sockaddr, sockaddr.length, 0, 0, 0));
  }

  @Override
  public void listen(Fd socket, int backlog) throws ErrnoException {
    Calls.check(
        Sys.LISTEN,
        socket::toString,
        () -> Libc.syscall(Sys.LISTEN.number(), socket.number(), (long) backlog, 0, 0, 0, 0));
  }

  @Override
  public @Nullable Fd accept(Fd socket, int flags) throws ErrnoException {
    long fd =
        Calls.checkUnless(
            Errno.EAGAIN,
            Sys.ACCEPT4,
            socket::toString,
            () ->
                Libc.syscall(
                    Sys.ACCEPT4.number(), socket.number(), 0L, 0, flags | SOCK_CLOEXEC, 0, 0));
    return fd < 0 ? null : Fd.own(fd, "connection of " + socket.what());
  }

  @Override
  public void setOption(Fd socket, int level, int name, int value) throws ErrnoException {
    byte[] v = Libc.struct(4).putInt(0, value).array();
    Calls.check(
        Sys.SETSOCKOPT,
        () -> socket + ", " + level + ", " + name + ", " + value,
        () -> Libc.syscall(Sys.SETSOCKOPT.number(), socket.number(), level, name, v, 4, 0));
  }

  @Override
  public void attachFilter(Fd socket, long[] program) throws ErrnoException {
    try (Memory filter = new Memory(8L * program.length)) {
      for (int i = 0; i < program.length; i++) {
        filter.setShort(8L * i, (short) (program[i] >>> 48));
        filter.setByte(8L * i + 2, (byte) (program[i] >>> 40));
        filter.setByte(8L * i + 3, (byte) (program[i] >>> 32));
        filter.setInt(8L * i + 4, (int) program[i]);
      }
      ByteBuffer fprog = Libc.struct(16); // struct sock_fprog
      fprog.putShort(0, (short) program.length).putLong(8, address(filter, 0));
      Calls.check(
          Sys.SETSOCKOPT,
          () -> socket + ", SO_ATTACH_FILTER of " + program.length,
          () ->
              Libc.syscall(
                  Sys.SETSOCKOPT.number(),
                  socket.number(),
                  SOL_SOCKET,
                  SO_ATTACH_FILTER,
                  fprog.array(),
                  16,
                  0));
    }
  }

  @Override
  public byte[] localAddress(Fd socket) throws ErrnoException {
    byte[] address = new byte[128]; // struct sockaddr_storage
    byte[] length = Libc.struct(4).putInt(0, address.length).array();
    Calls.check(
        Sys.GETSOCKNAME,
        socket::toString,
        () -> Libc.syscall(Sys.GETSOCKNAME.number(), socket.number(), address, length, 0, 0, 0));
    return Arrays.copyOf(
        address, ByteBuffer.wrap(length).order(java.nio.ByteOrder.nativeOrder()).getInt());
  }

  @Override
  public boolean send(Fd socket, byte[] bytes, List<Fd> fds, int flags) throws ErrnoException {
    int control = fds.isEmpty() ? 0 : CMSGHDR + align(4 * fds.size());
    try (Memory m = new Memory(MSGHDR + IOVEC + control + Math.max(1, bytes.length))) {
      m.clear(MSGHDR + IOVEC + control);
      long iov = MSGHDR;
      long cmsg = MSGHDR + IOVEC;
      long data = cmsg + control;
      m.setLong(16, address(m, iov));
      m.setLong(24, 1);
      if (control > 0) {
        m.setLong(32, address(m, cmsg));
        m.setLong(40, control);
        m.setLong(cmsg, CMSGHDR + 4L * fds.size());
        m.setInt(cmsg + 8, SOL_SOCKET);
        m.setInt(cmsg + 12, SCM_RIGHTS);
        for (int i = 0; i < fds.size(); i++) {
          m.setInt(cmsg + CMSGHDR + 4L * i, fds.get(i).number());
        }
      }
      m.setLong(iov, address(m, data));
      m.setLong(iov + 8, bytes.length);
      m.write(data, bytes, 0, bytes.length);
      long n =
          Calls.checkUnless(
              Errno.EAGAIN,
              Sys.SENDMSG,
              socket::toString,
              () ->
                  Libc.syscall(
                      Sys.SENDMSG.number(), socket.number(), m, flags | MSG_NOSIGNAL, 0, 0, 0));
      return n >= 0;
    }
  }

  @Override
  public @Nullable Message receive(Fd socket, int capacity, int maxFds, int flags)
      throws ErrnoException {
    int control = maxFds == 0 ? 0 : CMSGHDR + align(4 * maxFds);
    try (Memory m = new Memory(MSGHDR + IOVEC + control + Math.max(1, capacity))) {
      m.clear(MSGHDR + IOVEC + control);
      long iov = MSGHDR;
      long cmsg = MSGHDR + IOVEC;
      long data = cmsg + control;
      m.setLong(16, address(m, iov));
      m.setLong(24, 1);
      m.setLong(32, control == 0 ? 0 : address(m, cmsg));
      m.setLong(40, control);
      m.setLong(iov, address(m, data));
      m.setLong(iov + 8, capacity);
      long n =
          Calls.checkUnless(
              Errno.EAGAIN,
              Sys.RECVMSG,
              socket::toString,
              () ->
                  Libc.syscall(
                      Sys.RECVMSG.number(), socket.number(), m, flags | MSG_CMSG_CLOEXEC, 0, 0, 0));
      if (n < 0) {
        return null;
      }
      List<Fd> fds = new ArrayList<>();
      long used = m.getLong(40);
      for (long at = cmsg; used >= CMSGHDR && at < cmsg + used; ) {
        long length = m.getLong(at);
        if (length < CMSGHDR) {
          break;
        }
        if (m.getInt(at + 8) == SOL_SOCKET && m.getInt(at + 12) == SCM_RIGHTS) {
          for (long f = at + CMSGHDR; f + 4 <= at + length; f += 4) {
            fds.add(Fd.own(m.getInt(f), "received descriptor"));
          }
        }
        at += align((int) length);
      }
      boolean truncated = (m.getInt(48) & (MSG_TRUNC | MSG_CTRUNC)) != 0;
      return new Message(m.getByteArray(data, (int) n), List.copyOf(fds), truncated);
    }
  }

  private static long address(Memory m, long offset) {
    return com.sun.jna.Pointer.nativeValue(m) + offset;
  }

  private static int align(int n) {
    return (n + 7) & ~7;
  }
}
