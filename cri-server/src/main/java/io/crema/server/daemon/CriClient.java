package io.crema.server.daemon;

import io.crema.server.cri.ImageServiceGrpc;
import io.crema.server.cri.RuntimeServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NegotiationType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A client of a CRI socket, as {@code crema up} and {@code crema explain} are. */
public final class CriClient implements AutoCloseable {
  /** Both streams of ExecSync together, and more. */
  private static final int MAX_MESSAGE = 64 << 20;

  private final ManagedChannel channel;
  private final EventLoopGroup loop;

  private CriClient(ManagedChannel channel, EventLoopGroup loop) {
    this.channel = channel;
    this.loop = loop;
  }

  /** Connects when the first call is made. */
  public static CriClient connect(Path address) {
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    return new CriClient(
        NettyChannelBuilder.forAddress(new DomainSocketAddress(address.toFile()))
            .channelType(EpollDomainSocketChannel.class)
            .eventLoopGroup(loop)
            .negotiationType(NegotiationType.PLAINTEXT)
            .overrideAuthority("localhost")
            .maxInboundMessageSize(MAX_MESSAGE)
            .build(),
        loop);
  }

  /** Calls on pods and containers; each blocks. */
  public RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return RuntimeServiceGrpc.newBlockingStub(channel);
  }

  /** Calls on images; each blocks. */
  public ImageServiceGrpc.ImageServiceBlockingStub images() {
    return ImageServiceGrpc.newBlockingStub(channel);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
