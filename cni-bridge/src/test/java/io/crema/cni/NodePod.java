package io.crema.cni;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.NamespaceThread;
import io.crema.runtime.linux.Namespaces;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A network namespace with servers in it that answer with their name and the caller's address; null
 * as namespace is the node's own.
 */
final class NodePod implements Closeable {
  private static final int PATIENCE_MILLIS = 3000;

  private final String name;
  private final @Nullable Fd netns;
  private final List<Closeable> servers = new ArrayList<>();

  private NodePod(String name, @Nullable Fd netns) {
    this.name = name;
    this.netns = netns;
  }

  static NodePod create(String name) throws IOException, InterruptedException {
    return new NodePod(
        name,
        NamespaceThread.call(
            name,
            () -> {
              Namespaces.linux().unshare(Namespaces.CLONE_NEWNET);
              return Namespaces.linux().current("net");
            }));
  }

  static NodePod node() {
    return new NodePod("node", null);
  }

  Fd netns() {
    return java.util.Objects.requireNonNull(netns);
  }

  <T extends @Nullable Object> T in(Callable<T> work) throws IOException, InterruptedException {
    return NamespaceThread.call(
        name,
        () -> {
          if (netns != null) {
            Namespaces.linux().setns(netns, Namespaces.CLONE_NEWNET);
          }
          try {
            return work.call();
          } catch (IOException | RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
  }

  @SuppressWarnings("AddressSelection")
  NodePod serveTcp(int port) throws IOException, InterruptedException {
    ServerSocket server = in(() -> new ServerSocket(port, 50));
    servers.add(server);
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              while (!server.isClosed()) {
                try (Socket s = server.accept()) {
                  s.getOutputStream().write(answer(s.getInetAddress()));
                } catch (IOException e) {
                  if (!server.isClosed()) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
              }
            });
    return this;
  }

  NodePod serveUdp(int port) throws IOException, InterruptedException {
    DatagramSocket server = in(() -> new DatagramSocket(port));
    servers.add(server);
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              DatagramPacket p = new DatagramPacket(new byte[100], 100);
              while (!server.isClosed()) {
                try {
                  server.receive(p);
                  byte[] answer = answer(p.getAddress());
                  server.send(new DatagramPacket(answer, answer.length, p.getSocketAddress()));
                } catch (IOException e) {
                  if (!server.isClosed()) {
                    throw new java.io.UncheckedIOException(e);
                  }
                }
              }
            });
    return this;
  }

  private byte[] answer(InetAddress caller) {
    return (name + " sees " + io.crema.cni.ipam.IpText.format(caller))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** What the server there says. */
  String tcp(String host, int port) throws IOException, InterruptedException {
    return in(
        () -> {
          try (Socket s = new Socket()) {
            s.setSoTimeout(PATIENCE_MILLIS);
            s.connect(new InetSocketAddress(InetAddress.ofLiteral(host), port), PATIENCE_MILLIS);
            return text(s.getInputStream().readAllBytes());
          }
        });
  }

  private static String text(byte[] answer) {
    return new String(answer, StandardCharsets.UTF_8);
  }

  /** How many times a connection's first packet was sent again in this namespace: lost ones. */
  long synRetransmissions() throws IOException, InterruptedException {
    return in(
        () -> {
          // Lines in pairs: names, then values.
          List<String> lines = Files.readAllLines(Path.of("/proc/thread-self/net/netstat"));
          List<String> names = List.of(lines.get(0).split(" "));
          return Long.parseLong(lines.get(1).split(" ")[names.indexOf("TCPSynRetrans")]);
        });
  }

  /** Whether nobody serves there, which takes a network that works. */
  boolean tcpRefused(String host) throws InterruptedException {
    try {
      tcp(host, 1);
      return false;
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).contains("refused");
    }
  }

  String udp(String host, int port) throws IOException, InterruptedException {
    return in(
        () -> {
          try (DatagramSocket s = new DatagramSocket()) {
            s.setSoTimeout(PATIENCE_MILLIS);
            s.connect(new InetSocketAddress(InetAddress.ofLiteral(host), port));
            s.send(new DatagramPacket(new byte[] {1}, 1));
            DatagramPacket p = new DatagramPacket(new byte[100], 100);
            s.receive(p);
            return text(java.util.Arrays.copyOf(p.getData(), p.getLength()));
          }
        });
  }

  /** Sends a frame as it is by the namespace's interface of this index. */
  void send(int index, byte[] frame) throws IOException, InterruptedException {
    in(
        () -> {
          RawPackets.send(index, frame);
          return true;
        });
  }

  @Override
  public void close() throws IOException {
    for (Closeable s : servers) {
      s.close();
    }
    if (netns != null) {
      netns.close();
    }
  }
}
