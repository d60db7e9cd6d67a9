package io.crema.server.daemon;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** gRPC on a unix socket, for root only; each call runs on a virtual thread. */
public final class CriSocket implements AutoCloseable {
  private static final int MAX_MESSAGE = 16 << 20;

  /** How long calls that run may go on once the socket closes. */
  private static final long GRACE_SECONDS = 10;

  private final Server server;
  private final EventLoopGroup acceptor;
  private final EventLoopGroup workers;
  private final ExecutorService calls;

  private CriSocket(
      Server server, EventLoopGroup acceptor, EventLoopGroup workers, ExecutorService calls) {
    this.server = server;
    this.acceptor = acceptor;
    this.workers = workers;
    this.calls = calls;
  }

  /** Serves {@code services} on {@code address}; a socket file that nobody answers is replaced. */
  public static CriSocket open(Path address, List<BindableService> services) throws IOException {
    Files.createDirectories(address.toAbsolutePath().getParent());
    removeStale(address);
    EventLoopGroup acceptor = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    EventLoopGroup workers = new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());
    ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new DomainSocketAddress(address.toFile()))
            .channelType(EpollServerDomainSocketChannel.class)
            .bossEventLoopGroup(acceptor)
            .workerEventLoopGroup(workers)
            .maxInboundMessageSize(MAX_MESSAGE)
            .executor(calls);
    services.forEach(builder::addService);
    CriSocket socket = new CriSocket(builder.build(), acceptor, workers, calls);
    boolean open = false;
    try {
      socket.server.start();
      // Until here the umask keeps others from writing, which connect(2) needs.
      Files.setPosixFilePermissions(address, PosixFilePermissions.fromString("rw-------"));
      open = true;
      return socket;
    } finally {
      if (!open) {
        socket.close();
      }
    }
  }

  private static void removeStale(Path address) throws IOException {
    if (!Files.exists(address, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(address, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException(address + " is in the way: it is no socket");
    }
    if (answers(address)) {
      throw new IOException(
          "another daemon answers on %s; choose another --address".formatted(address));
    }
    Files.delete(address);
  }

  /** Whether someone listens there. */
  public static boolean answers(Path address) {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(address))) {
      return channel.isConnected();
    } catch (IOException e) {
      return false; // absent, or left behind by a daemon that is gone
    }
  }

  /** Takes no new calls, lets those that run end for a while, then interrupts them. */
  @Override
  public void close() {
    server.shutdown();
    try {
      if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
        server.awaitTermination(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    calls.shutdownNow();
    end(acceptor);
    end(workers);
  }

  private static void end(EventLoopGroup group) {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
