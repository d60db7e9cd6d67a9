package io.crema.cni;

import io.crema.cni.ipam.AddressBook.Assigned;
import io.crema.cni.netlink.Link;
import io.crema.cni.netlink.NamespaceHopper;
import io.crema.cni.netlink.NetlinkBatch;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Rtnetlink;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Pods' interfaces: two messages to the kernel a pod, one to the host's namespace and one to the
 * pod's.
 *
 * <p>Thread-safe: each request takes one of the host's sockets, of which there are as many as there
 * ever were requests at once.
 */
final class PodInterfaces implements AutoCloseable {
  /** The interface's name in every pod. */
  static final String IN_POD = "eth0";

  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final String PREFIX = "crm";
  private static final int LOOPBACK = 1;

  private final ConcurrentLinkedQueue<NetlinkSocket> idle = new ConcurrentLinkedQueue<>();

  /** Something asked of the host's namespace. */
  @FunctionalInterface
  interface Request<T, E extends Exception> {
    T ask(NetlinkSocket socket) throws IOException, E;
  }

  <T, E extends Exception> T host(Request<T, E> request) throws IOException, E {
    NetlinkSocket pooled = idle.poll();
    NetlinkSocket socket = pooled == null ? NetlinkSocket.route() : pooled;
    try {
      return request.ask(socket);
    } finally {
      idle.add(socket);
    }
  }

  /** The host's end of a sandbox's pair: 15 bytes at most, the same name at each try. */
  static String hostName(String sandboxId) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(sandboxId.getBytes(StandardCharsets.UTF_8));
      return PREFIX + HexFormat.of().formatHex(hash, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Whether a port of our bridge is one of these. */
  static boolean isOurs(Link link) {
    return link.kind().equals("veth")
        && link.name().length() == PREFIX.length() + 12
        && link.name().startsWith(PREFIX);
  }

  /**
   * Makes the pair and configures the pod's end, in one trip.
   *
   * @return the index of the host's end; on failure the pair is gone
   */
  int make(HostBridge bridge, Fd netns, Attachment a, boolean hairpin)
      throws IOException, InterruptedException {
    List<Assigned> addresses = a.assigned();
    NetlinkBatch pair = new NetlinkBatch();
    Rtnetlink.createVeth(
        pair,
        a.hostInterface(),
        bridge.index(),
        bridge.mtu(),
        netns,
        IN_POD,
        Macs.of(addresses.getFirst().address()));
    if (hairpin) {
      Rtnetlink.hairpin(pair, a.hostInterface());
    }
    try {
      return NamespaceHopper.INSTANCE.send(
          door -> {
            Link link = host(socket -> make(socket, pair, a.hostInterface()));
            door.enter(netns);
            configureHere(link.peer(), addresses);
            return link.index();
          },
          index -> LOG.log(Level.DEBUG, "pod {0}: nobody waits for its network now", a.pod()));
    } catch (IOException | RuntimeException | InterruptedException e) {
      try {
        delete(a.hostInterface());
      } catch (IOException undo) {
        e.addSuppressed(undo);
      }
      throw e;
    }
  }

  private static Link make(NetlinkSocket socket, NetlinkBatch pair, String name)
      throws IOException {
    Optional<Link> made = Rtnetlink.link(socket.exchange(pair));
    return made.isPresent() ? made.get() : find(socket, name);
  }

  private static Link find(NetlinkSocket socket, String name) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    Rtnetlink.getLink(b, name, false);
    return Rtnetlink.link(socket.exchange(b))
        .orElseThrow(() -> new IOException("interface " + name + " isn't there"));
  }

  /** Loopback, addresses and routes of a pod; does no harm if they are there. */
  static void configure(Fd netns, int podIndex, List<Assigned> addresses)
      throws IOException, InterruptedException {
    in(netns, () -> configureHere(podIndex, addresses));
  }

  /** Loopback alone. */
  static void loopback(Fd netns) throws IOException, InterruptedException {
    NetlinkBatch b = new NetlinkBatch();
    Rtnetlink.setUp(b, LOOPBACK, "lo");
    in(netns, () -> exchangeHere(b));
  }

  /** The pod's end with its counters, if it is there. */
  static Optional<Link> inPod(Fd netns) throws IOException, InterruptedException {
    try (NetlinkSocket socket = NetlinkSocket.routeIn(netns)) {
      NetlinkBatch b = new NetlinkBatch();
      Rtnetlink.getLink(b, IN_POD, true, Errno.ENODEV);
      return Rtnetlink.link(socket.exchange(b));
    }
  }

  /** Work in a pod's namespace. */
  @FunctionalInterface
  private interface Inside {
    void run() throws IOException;
  }

  private static void in(Fd netns, Inside work) throws IOException, InterruptedException {
    NamespaceHopper.INSTANCE.send(
        door -> {
          door.enter(netns);
          work.run();
          return true;
        },
        done -> LOG.log(Level.DEBUG, "nobody waits for the change in {0}", netns.what()));
  }

  private static void configureHere(int podIndex, List<Assigned> addresses) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    Rtnetlink.setUp(b, LOOPBACK, "lo");
    Rtnetlink.setUp(b, podIndex, IN_POD);
    for (Assigned a : addresses) {
      Rtnetlink.addAddress(b, podIndex, IN_POD, a.address(), a.prefix());
    }
    for (Assigned a : addresses) {
      Rtnetlink.addDefaultRoute(b, podIndex, a.gateway());
    }
    exchangeHere(b);
  }

  private static void exchangeHere(NetlinkBatch b) throws IOException {
    try (NetlinkSocket socket = NetlinkSocket.route()) {
      socket.exchange(b);
    }
  }

  /** The host's end with its counters, if it is there. */
  Optional<Link> find(String hostInterface, boolean counters) throws IOException {
    return host(
        socket -> {
          NetlinkBatch b = new NetlinkBatch();
          Rtnetlink.getLink(b, hostInterface, counters, Errno.ENODEV);
          return Rtnetlink.link(socket.exchange(b));
        });
  }

  /** Removes a pair, or whatever else has the name; returns when it is gone. */
  void delete(String hostInterface) throws IOException {
    host(
        socket -> {
          NetlinkBatch b = new NetlinkBatch();
          Rtnetlink.deleteLink(b, hostInterface);
          return socket.exchange(b);
        });
  }

  @Override
  public void close() {
    for (NetlinkSocket s = idle.poll(); s != null; s = idle.poll()) {
      s.close();
    }
  }
}
