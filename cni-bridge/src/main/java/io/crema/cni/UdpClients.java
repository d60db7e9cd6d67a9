package io.crema.cni;

import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.nft.Conntrack;
import io.crema.cni.nft.HostPort;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Makes UDP clients that keep their port follow a host port to its new pod.
 *
 * <p>For that the kernel walks all of its connections: it finds one by its whole tuple only, and
 * the clients' addresses aren't known. So nobody waits for it; a client's packets go astray until
 * then, which is over before a pod's first container could answer.
 */
final class UdpClients implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  private final NetlinkSocket socket;
  private final ThreadPoolExecutor worker =
      new ThreadPoolExecutor(
          0,
          1,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Thread.ofPlatform().name("crema-conntrack").daemon().stackSize(256 * 1024).factory());

  UdpClients() throws IOException {
    this.socket = NetlinkSocket.netfilter();
  }

  /** These ports lead elsewhere now. */
  void redirect(Collection<HostPort> ports) {
    List<HostPort> udp = ports.stream().filter(p -> p.protocol() == Protocol.UDP.number()).toList();
    if (!udp.isEmpty()) {
      worker.execute(() -> forget(udp));
    }
  }

  /** Only what clients that never pause may miss: no reason to fail. */
  private void forget(List<HostPort> ports) {
    try {
      Conntrack.forget(socket, ports);
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "UDP clients that keep their port may go on reaching where the host port led before: {0}",
          e.getMessage());
    }
  }

  /** Waits until what was asked for so far is done. */
  void await() {
    CompletableFuture.runAsync(() -> {}, worker).join();
  }

  @Override
  public void close() {
    worker.close();
    socket.close();
  }
}
