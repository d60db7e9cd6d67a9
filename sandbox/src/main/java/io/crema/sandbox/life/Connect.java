package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.FAILED_PRECONDITION;
import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;
import static io.crema.sandbox.SandboxException.Code.UNAVAILABLE;

import io.crema.runtime.keeper.HeldKind;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.NamespaceThread;
import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.PolledSocket;
import io.crema.runtime.linux.Sockets;
import io.crema.sandbox.PodConnection;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.PodState;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Connects to ports inside pods, for port forwarding. */
public final class Connect {
  private static final int TCP_NODELAY = 1;

  /** Three more SYNs: some 15 s on a loopback that drops them. */
  private static final int SYN_RETRIES = 3;

  private final Node node;
  private final StreamLoop loop;

  Connect(Node node, StreamLoop loop) {
    this.node = node;
    this.loop = loop;
  }

  /**
   * Connects to {@code port} on 127.0.0.1 of the pod, or else on ::1: an application may listen on
   * either family only.
   */
  public PodConnection connect(String podId, int port)
      throws SandboxException, InterruptedException {
    Pod pod = node.pod(podId);
    if (port < 1 || port > 65535) {
      throw new SandboxException(INVALID_ARGUMENT, "port " + port + " is not within 1 to 65535");
    }
    String what = pod.display() + ": port " + port;
    IOException first;
    try {
      return connect(pod, Sockets.AF_INET, v4(port));
    } catch (IOException e) {
      first = e;
    }
    try {
      return connect(pod, Sockets.AF_INET6, v6(port));
    } catch (IOException e) {
      first.addSuppressed(e);
      throw new SandboxException(
          UNAVAILABLE,
          what + ": 127.0.0.1: " + first.getMessage() + "; ::1: " + e.getMessage(),
          first);
    }
  }

  private PodConnection connect(Pod pod, int family, byte[] address)
      throws IOException, SandboxException, InterruptedException {
    Fd socket = socket(pod, family);
    try {
      Sockets.linux().setOption(socket, Sockets.IPPROTO_TCP, Sockets.TCP_SYNCNT, SYN_RETRIES);
      Sockets.linux().setOption(socket, Sockets.IPPROTO_TCP, TCP_NODELAY, 1);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return new Connection(loop.poller().connect(socket, address));
  }

  /** A socket belongs for ever to the network that its maker was in when it made it. */
  private static Fd socket(Pod pod, int family)
      throws IOException, SandboxException, InterruptedException {
    // Held so that the namespace's descriptor isn't closed, and its number given away, meanwhile.
    pod.lock().readLock().lockInterruptibly();
    try {
      if (pod.state() != PodState.READY) {
        throw new SandboxException(FAILED_PRECONDITION, pod.display() + " is not ready");
      }
      if (pod.onHostNetwork()) {
        return Sockets.linux().socket(family, Sockets.SOCK_STREAM, 0);
      }
      Fd network =
          pod.namespace(HeldKind.NETWORK)
              .orElseThrow(
                  () ->
                      new SandboxException(
                          INTERNAL, pod.display() + ": its network namespace is gone"));
      return NamespaceThread.call(
          "port-forward",
          () -> {
            Namespaces.linux().setns(network, Namespaces.CLONE_NEWNET);
            return Sockets.linux().socket(family, Sockets.SOCK_STREAM, 0);
          });
    } finally {
      pod.lock().readLock().unlock();
    }
  }

  /** struct sockaddr_in, ip(7). */
  private static byte[] v4(int port) {
    return address(16, Sockets.AF_INET, port).put(4, (byte) 127).put(7, (byte) 1).array();
  }

  /** struct sockaddr_in6, ipv6(7). */
  private static byte[] v6(int port) {
    return address(28, Sockets.AF_INET6, port).put(23, (byte) 1).array();
  }

  private static ByteBuffer address(int size, int family, int port) {
    return ByteBuffer.allocate(size)
        .order(ByteOrder.nativeOrder())
        .putShort(0, (short) family)
        .put(2, (byte) (port >> 8))
        .put(3, (byte) port);
  }

  private record Connection(PolledSocket socket) implements PodConnection {
    @Override
    public InputStream input() {
      return socket.in();
    }

    @Override
    public OutputStream output() {
      return socket.out();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
