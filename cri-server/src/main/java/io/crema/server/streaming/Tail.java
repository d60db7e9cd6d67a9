package io.crema.server.streaming;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** The pipeline's end: gives frames to the connection, and releases them. */
final class Tail extends ChannelInboundHandlerAdapter {
  private final Link.Messages messages;

  Tail(Link.Messages messages) {
    this.messages = messages;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      messages.received(message);
    } finally {
      ReferenceCountUtil.release(message);
    }
  }
}
