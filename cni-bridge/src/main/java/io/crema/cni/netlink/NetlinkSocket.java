package io.crema.cni.netlink;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Libc;
import io.crema.runtime.linux.Sockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A netlink socket; it talks to the network namespace that it was opened in, whichever thread uses
 * it.
 *
 * <p>The kernel works a request off within send(2), so that its answers are there when the call
 * returns: requests never wait, and a missing answer is an error. Requests from several threads
 * follow one another.
 */
public final class NetlinkSocket implements AutoCloseable {
  private static final int NETLINK_ROUTE = 0;
  private static final int NETLINK_NETFILTER = 12;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int NETLINK_GET_STRICT_CHK = 12;
  private static final int DATAGRAM = 16 * 1024; // dumps adapt to what the reader takes

  // linux/bpf_common.h: BPF_LD|BPF_B|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
  private static final int LOAD_BYTE = 0x30;
  private static final int JUMP_EQUAL = 0x15;
  private static final int RETURN = 0x06;

  private final Fd fd;
  private final ReentrantLock lock = new ReentrantLock();
  private final byte[] buffer = new byte[DATAGRAM];
  private int sequence = 1;

  private NetlinkSocket(Fd fd) {
    this.fd = fd;
  }

  /** For links, addresses and routes of the calling thread's network namespace. */
  public static NetlinkSocket route() throws ErrnoException {
    return open(NETLINK_ROUTE, 0, 0);
  }

  /** As {@link #route()}, and dumps heed what is asked for (NETLINK_GET_STRICT_CHK, Linux 4.20). */
  public static NetlinkSocket strictRoute() throws ErrnoException {
    NetlinkSocket socket = route();
    try {
      Sockets.linux().setOption(socket.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
      return socket;
    } catch (ErrnoException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** For links, addresses and routes of {@code netns}, which is lent for the call. */
  public static NetlinkSocket routeIn(Fd netns) throws IOException, InterruptedException {
    return NamespaceHopper.INSTANCE.send(
        door -> {
          door.enter(netns);
          return route();
        },
        NetlinkSocket::close);
  }

  /** For nf_tables and conntrack of the calling thread's network namespace. */
  public static NetlinkSocket netfilter() throws ErrnoException {
    return open(NETLINK_NETFILTER, 0, 16 << 20);
  }

  /**
   * A socket that receives notices of {@code groups} (RTMGRP_*), with room for a burst of them:
   * only those of message type {@code type} (below 256) and address family {@code family}, so that
   * nothing else wakes its reader.
   */
  static NetlinkSocket notices(int groups, int type, int family) throws ErrnoException {
    NetlinkSocket socket = open(NETLINK_ROUTE, groups, 4 << 20);
    try {
      int typeAt = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 4 : 5;
      Sockets.linux()
          .attachFilter(
              socket.fd,
              new long[] {
                filter(LOAD_BYTE, 0, 0, typeAt), // nlmsghdr.nlmsg_type
                filter(JUMP_EQUAL, 0, 3, type),
                filter(LOAD_BYTE, 0, 0, NetlinkBatch.HEADER), // the family comes first everywhere
                filter(JUMP_EQUAL, 0, 1, family),
                filter(RETURN, 0, 0, -1),
                filter(RETURN, 0, 0, 0)
              });
      return socket;
    } catch (ErrnoException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static long filter(int code, int jumpTrue, int jumpFalse, int k) {
    return (long) code << 48 | (long) jumpTrue << 40 | (long) jumpFalse << 32 | (k & 0xffffffffL);
  }

  private static NetlinkSocket open(int protocol, int groups, int bufferBytes)
      throws ErrnoException {
    Sockets sockets = Sockets.linux();
    Fd fd = sockets.socket(Sockets.AF_NETLINK, Sockets.SOCK_RAW | Sockets.SOCK_NONBLOCK, protocol);
    try {
      sockets.setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
      sockets.setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
      if (bufferBytes > 0) {
        sockets.setOption(fd, Sockets.SOL_SOCKET, Sockets.SO_RCVBUFFORCE, bufferBytes);
        sockets.setOption(fd, Sockets.SOL_SOCKET, Sockets.SO_SNDBUFFORCE, bufferBytes);
      }
      if (groups != 0) {
        ByteBuffer address = Libc.struct(12); // struct sockaddr_nl
        address.putShort(0, (short) Sockets.AF_NETLINK).putInt(8, groups);
        sockets.bind(fd, address.array());
      }
      return new NetlinkSocket(fd);
    } catch (ErrnoException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  /**
   * Sends the batch in one message and awaits its end.
   *
   * @return the answers of GET requests in it, in order
   * @throws NetlinkException the first refusal that the batch doesn't tolerate; what follows it in
   *     the batch was tried nevertheless (except in nf_tables, where nothing was changed)
   */
  public List<NetlinkMessage> exchange(NetlinkBatch batch) throws IOException {
    if (batch.isEmpty()) {
      return List.of();
    }
    lock.lock();
    try {
      int first = sequence;
      sequence += batch.size();
      int last = first + batch.confirmed();
      send(batch.encode(first, true), batch.item(0).what());
      List<NetlinkMessage> answers = new ArrayList<>(1);
      NetlinkException failure = null;
      while (true) {
        for (NetlinkMessage m : receive(batch.item(batch.confirmed()).what())) {
          int index = m.sequence() - first;
          if (index < 0 || index >= batch.size()) {
            continue; // left over from a request that was given up
          }
          if (!m.isError()) {
            answers.add(m);
            continue;
          }
          NetlinkBatch.Item item = batch.item(index);
          boolean refused = m.errno() != 0 && !item.tolerated().contains(Errno.of(m.errno()));
          if (refused) {
            if (failure == null) {
              failure = m.failure(item.what());
            } else if (failure.getSuppressed().length < 8) {
              failure.addSuppressed(m.failure(item.what()));
            }
          }
          // nfnetlink reports what concerns a whole transaction on its first message, and then may
          // leave the rest without an answer.
          boolean wholeTransaction = refused && index == 0;
          if (m.sequence() == last || wholeTransaction) {
            if (failure != null) {
              drain();
              throw failure;
            }
            return answers;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends the batch's only message, a dump request, and reads all of the answer. */
  public List<NetlinkMessage> dump(NetlinkBatch batch) throws IOException {
    lock.lock();
    try {
      String what = batch.item(0).what();
      for (int attempt = 0; ; attempt++) {
        int wanted = sequence++;
        send(batch.encode(wanted, false), what);
        List<NetlinkMessage> answers = new ArrayList<>();
        if (!readDump(wanted, what, answers) || attempt == 9) {
          return answers; // consistent, or as good as it gets on a host that never rests
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the dump was interrupted by a change. */
  private boolean readDump(int wanted, String what, List<NetlinkMessage> answers)
      throws IOException {
    boolean interrupted = false;
    while (true) {
      for (NetlinkMessage m : receive(what)) {
        if (m.sequence() != wanted) {
          continue;
        }
        interrupted |= m.isInterrupted();
        if (m.isDone() || m.isError()) {
          if (m.errno() != 0) {
            throw m.failure(what);
          }
          return interrupted;
        }
        answers.add(m);
      }
    }
  }

  private void send(byte[] bytes, String what) throws IOException {
    if (Descriptors.linux().write(fd, bytes, 0, bytes.length) != bytes.length) {
      throw new IOException(what + ": the netlink socket takes no " + bytes.length + " bytes");
    }
  }

  private List<NetlinkMessage> receive(String what) throws IOException {
    List<NetlinkMessage> messages = poll();
    if (messages == null) {
      throw new IOException(what + ": the kernel gave no answer");
    }
    return messages;
  }

  private void drain() throws IOException {
    while (poll() != null) {
      // what is left of a batch that failed
    }
  }

  /** The next datagram's messages, or null when none waits. */
  @Nullable List<NetlinkMessage> poll() throws IOException {
    int n = Descriptors.linux().read(fd, buffer, 0, buffer.length);
    return n < 0 ? null : NetlinkMessage.parse(buffer, n);
  }

  /** For waiting until a notice is there. */
  Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }
}
