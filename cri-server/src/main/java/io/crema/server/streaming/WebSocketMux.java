package io.crema.server.streaming;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The channels of {@code channel.k8s.io} and its versions: each message is the number of its
 * channel and its bytes (k8s.io/streaming/pkg/httpstream/wsstream/conn.go). Belongs to the event
 * loop.
 */
final class WebSocketMux implements Link.Messages {
  /** Which way a channel goes. */
  enum Direction {
    /** Both ways discarded: a stream that nobody asked for. */
    NONE(false, false),
    FROM_CLIENT(true, false),
    TO_CLIENT(false, true),
    BOTH(true, true);

    private final boolean in;
    private final boolean out;

    Direction(boolean in, boolean out) {
      this.in = in;
      this.out = out;
    }
  }

  /** The first byte of v5's message that ends a channel, whose number follows. */
  private static final int CLOSE = 255;

  private final Link link;
  private final WebSocketProtocol protocol;
  private final List<Channel> channels = new ArrayList<>();

  /**
   * Speaks {@code protocol} on {@code link} from now on; {@code directions} of channel 0 and on.
   */
  WebSocketMux(Link link, WebSocketProtocol protocol, List<Direction> directions) {
    this.link = link;
    this.protocol = protocol;
    for (Direction direction : directions) {
      channels.add(new Channel(channels.size(), direction));
    }
    link.receiver(this);
    link.onClose(() -> channels.forEach(c -> c.in.fail(Link.gone())));
  }

  /** Channel {@code number}. */
  ClientStream channel(int number) {
    return channels.get(number);
  }

  private final class Channel implements ClientStream {
    private final int number;
    private final Direction direction;
    private final Inbox in = link.inbox();
    private final Outbox out =
        new Outbox(
            new Outbox.Frames() {
              @Override
              public void data(byte[] bytes, int offset, int length) throws IOException {
                if (direction.out) {
                  link.send(() -> link.sendNow(frame(number, bytes, offset, length)));
                }
              }

              @Override
              public void end() {} // no version tells the client of a single channel's end
            });

    Channel(int number, Direction direction) {
      this.number = number;
      this.direction = direction;
      if (!direction.in) {
        in.end();
      }
    }

    @Override
    public InputStream in() {
      return in;
    }

    @Override
    public OutputStream out() {
      return out;
    }

    @Override
    public void reset() {
      in.close();
    }
  }

  /** A message of {@code channel} with {@code bytes}; for the event loop to send. */
  WebSocketFrame frame(int channel, byte[] bytes, int offset, int length) {
    if (protocol.base64()) {
      byte[] part =
          offset == 0 && length == bytes.length
              ? bytes
              : java.util.Arrays.copyOfRange(bytes, offset, offset + length);
      return new TextWebSocketFrame(
          (char) ('0' + channel) + Base64.getEncoder().encodeToString(part));
    }
    ByteBuf content = Unpooled.buffer(1 + length);
    content.writeByte(channel).writeBytes(bytes, offset, length);
    return new BinaryWebSocketFrame(content);
  }

  @Override
  public void received(Object message) {
    if (!(message instanceof WebSocketFrame frame) || !frame.content().isReadable()) {
      return;
    }
    ByteBuf content = frame.content();
    int first = content.readUnsignedByte();
    if (protocol.halfClose() && first == CLOSE) {
      if (content.readableBytes() != 1) {
        throw new ProtocolException("a channel's end names one channel");
      }
      channelOf(content.readUnsignedByte()).in.end();
      return;
    }
    Channel channel = channelOf(protocol.base64() ? first - '0' : first);
    if (channel.direction.in) {
      channel.in.add(bytes(content));
    }
  }

  private Channel channelOf(int number) {
    if (number < 0 || number >= channels.size()) {
      throw new ProtocolException("there is no channel " + number);
    }
    return channels.get(number);
  }

  private byte[] bytes(ByteBuf content) {
    if (!protocol.base64()) {
      return ByteBufUtil.getBytes(content);
    }
    try {
      return Base64.getDecoder().decode(content.toString(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("not base64: " + e.getMessage());
    }
  }

  /** All has been said: takes leave; from any thread. */
  void finish() {
    link.later(
        () -> {
          channels.forEach(c -> c.in.close());
          link.finish(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE));
        });
  }
}
