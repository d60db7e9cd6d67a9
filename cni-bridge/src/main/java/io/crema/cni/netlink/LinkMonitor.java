package io.crema.cni.netlink;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Epoll;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Tells which links the kernel has removed for good (RTM_DELLINK), from one platform thread.
 *
 * <p>Sees the network namespace that it was opened in.
 */
public final class LinkMonitor implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final int STOP = 0;
  private static final int NOTICE = 1;
  private static final int FAMILY_UNSPEC = 0; // a bridge's notice of a lost port has AF_BRIDGE

  private final NetlinkSocket socket;
  private final Epoll epoll;
  private final Descriptors.Pipe stop;
  private final Thread thread;

  private LinkMonitor(
      NetlinkSocket socket,
      Epoll epoll,
      Descriptors.Pipe stop,
      IntConsumer removed,
      Runnable lost) {
    this.socket = socket;
    this.epoll = epoll;
    this.stop = stop;
    this.thread =
        Thread.ofPlatform()
            .name("crema-net-links")
            .daemon()
            .stackSize(256 * 1024)
            .unstarted(() -> run(removed, lost));
  }

  /**
   * Begins to watch.
   *
   * @param removed gets the index of each link that is gone
   * @param lost runs when notices were lost (too many at once): compare with the kernel's list
   */
  public static LinkMonitor open(IntConsumer removed, Runnable lost) throws ErrnoException {
    NetlinkSocket socket =
        NetlinkSocket.notices(Rtnetlink.GROUP_LINK, Rtnetlink.RTM_DELLINK, FAMILY_UNSPEC);
    Descriptors.Pipe stop = null;
    Epoll epoll = null;
    try {
      stop = Descriptors.linux().pipe("stop of the link monitor", 0);
      epoll = Epoll.open();
      epoll.add(socket.fd(), Epoll.IN, NOTICE);
      epoll.add(stop.readEnd(), Epoll.IN, STOP);
    } catch (ErrnoException | RuntimeException e) {
      if (epoll != null) {
        epoll.close();
      }
      if (stop != null) {
        stop.close();
      }
      socket.close();
      throw e;
    }
    LinkMonitor monitor = new LinkMonitor(socket, epoll, stop, removed, lost);
    monitor.thread.start();
    return monitor;
  }

  private void run(IntConsumer removed, Runnable lost) {
    try {
      while (true) {
        for (Epoll.Event event : epoll.await(2, -1)) {
          if (event.token() == STOP) {
            return;
          }
          drain(removed, lost);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.ERROR, "addresses of ended pods stay out of use: the link monitor failed", e);
    }
  }

  private void drain(IntConsumer removed, Runnable lost) throws IOException {
    while (true) {
      List<NetlinkMessage> messages;
      try {
        messages = socket.poll();
      } catch (ErrnoException e) {
        if (e.is(Errno.ENOBUFS)) {
          lost.run();
          continue;
        }
        throw e;
      }
      if (messages == null) {
        return;
      }
      for (NetlinkMessage m : messages) {
        if (m.type() == Rtnetlink.RTM_DELLINK && m.u8(0) == FAMILY_UNSPEC) {
          removed.accept(m.int32(4));
        }
      }
    }
  }

  @Override
  public void close() {
    stop.writeEnd().close(); // the reader's end turns readable: the thread ends
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    epoll.close();
    stop.close();
    socket.close();
  }
}
