package io.crema.server.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.MessageToMessageCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import java.util.List;

/** RFC 6455 in a connection's pipeline. */
final class WebSocketCodec {
  /** A client's largest message; kubectl's have 32 KiB. */
  static final int MAX_MESSAGE = 4 << 20;

  private WebSocketCodec() {}

  /** Puts WebSocket messages before the pipeline's tail. */
  static void install(Link link) {
    ChannelPipeline pipeline = link.codec().pipeline();
    WebSocketDecoderConfig config =
        WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(MAX_MESSAGE)
            .expectMaskedFrames(true)
            .allowExtensions(false)
            .closeOnProtocolViolation(false) // an exception ends the connection
            .withUTF8Validator(false)
            .build();
    pipeline.addBefore("tail", "websocket-decoder", new WebSocket13FrameDecoder(config));
    pipeline.addBefore("tail", "websocket-encoder", new WebSocket13FrameEncoder(false));
    pipeline.addBefore("tail", "control", new Control(link));
    pipeline.addBefore("tail", "messages", new WebSocketFrameAggregator(MAX_MESSAGE));
  }

  /** Makes the pipeline's tail see the bytes in binary messages, and send its bytes in them. */
  static void tunnel(Link link) {
    link.codec().pipeline().addBefore("tail", "tunnel", new Tunnel());
  }

  /** Answers pings and the client's leave-taking. */
  private static final class Control extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final Link link;

    Control(Link link) {
      super(false);
      this.link = link;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
      switch (frame) {
        case PingWebSocketFrame ping -> {
          ChannelFuture _ = context.writeAndFlush(new PongWebSocketFrame(ping.content()));
        }
        case PongWebSocketFrame pong -> pong.release();
        case CloseWebSocketFrame close -> {
          ChannelFuture _ = context.writeAndFlush(close);
          link.flush();
          link.close();
        }
        default -> context.fireChannelRead(frame);
      }
    }
  }

  /** Bytes in messages. */
  private static final class Tunnel extends MessageToMessageCodec<WebSocketFrame, ByteBuf> {
    @Override
    protected void encode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) {
      out.add(new BinaryWebSocketFrame(bytes.retain()));
    }

    @Override
    protected void decode(ChannelHandlerContext context, WebSocketFrame frame, List<Object> out) {
      if (!(frame instanceof BinaryWebSocketFrame)) {
        throw new ProtocolException("a text message in a tunnel of bytes");
      }
      out.add(frame.content().retain());
    }
  }
}
