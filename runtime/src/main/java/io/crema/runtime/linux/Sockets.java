package io.crema.runtime.linux;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** socket(2), unix(7), netlink(7), and descriptors in SCM_RIGHTS messages. */
public interface Sockets {
  int AF_UNIX = 1;
  int AF_INET = 2;
  int AF_INET6 = 10;
  int AF_NETLINK = 16;
  int SOCK_STREAM = 1;
  int SOCK_DGRAM = 2;
  int SOCK_RAW = 3;
  int SOCK_SEQPACKET = 5;
  int SOCK_NONBLOCK = 0x800;
  int SOCK_CLOEXEC = 0x80000;
  int SOL_SOCKET = 1;
  int IPPROTO_TCP = 6;
  int SO_SNDBUF = 7;
  int SO_RCVBUF = 8;
  int SO_SNDBUFFORCE = 32;
  int SO_RCVBUFFORCE = 33;

  /** How often a SYN is sent again before connect(2) gives up (tcp(7)). */
  int TCP_SYNCNT = 7;

  int MSG_DONTWAIT = 0x40;
  int MSG_NOSIGNAL = 0x4000;

  /** The kernel's own. */
  static Sockets linux() {
    return LinuxSockets.INSTANCE;
  }

  /** A received message. The receiver owns its descriptors. */
  record Message(byte[] bytes, List<Fd> fds, boolean truncated) {}

  /** A new socket, close-on-exec. */
  Fd socket(int domain, int type, int protocol) throws ErrnoException;

  /** Two connected unix sockets. */
  List<Fd> pair(int type) throws ErrnoException;

  /** Binds to a unix path (107 bytes at most: sun_path). */
  void bindUnix(Fd socket, String path) throws ErrnoException;

  void connectUnix(Fd socket, String path) throws ErrnoException;

  /**
   * Connects to a raw sockaddr, family first; false while the connection of a non-blocking socket
   * is being made. Then it becomes writable, and another call says how it went.
   */
  boolean connect(Fd socket, byte[] sockaddr) throws ErrnoException;

  /** Ends what is sent to the peer: shutdown(2) with SHUT_WR. */
  void shutdownOutput(Fd socket) throws ErrnoException;

  /** Binds to a raw sockaddr, family first. */
  void bind(Fd socket, byte[] sockaddr) throws ErrnoException;

  void listen(Fd socket, int backlog) throws ErrnoException;

  /** The next connection, or null when the socket is non-blocking and none waits. */
  @Nullable Fd accept(Fd socket, int flags) throws ErrnoException;

  void setOption(Fd socket, int level, int name, int value) throws ErrnoException;

  /**
   * Attaches a classic BPF program (SO_ATTACH_FILTER) that decides which messages the socket gets.
   *
   * @param program one {@code struct sock_filter} an element: code in bits 48 to 63, jt in 40 to
   *     47, jf in 32 to 39, k in 0 to 31
   */
  void attachFilter(Fd socket, long[] program) throws ErrnoException;

  /** getsockname(2)'s raw answer. */
  byte[] localAddress(Fd socket) throws ErrnoException;

  /**
   * Sends one message with {@code fds} lent to it; false when the socket is non-blocking and full.
   */
  boolean send(Fd socket, byte[] bytes, List<Fd> fds, int flags) throws ErrnoException;

  /**
   * The next message, at most {@code capacity} bytes and {@code maxFds} descriptors; null when none
   * waits; no bytes at the end.
   */
  @Nullable Message receive(Fd socket, int capacity, int maxFds, int flags) throws ErrnoException;
}
