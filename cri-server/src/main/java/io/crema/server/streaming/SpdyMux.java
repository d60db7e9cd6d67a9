package io.crema.server.streaming;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyHeaders;
import io.netty.handler.codec.spdy.SpdyHeadersFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * SPDY/3.1 as the Kubernetes clients speak it (github.com/moby/spdystream): the client opens
 * streams, each is acknowledged by SYN_REPLY, data flows without windows. Belongs to the event
 * loop.
 */
final class SpdyMux implements Link.Messages {
  /** More than any client opens: a port-forward has two a connection. */
  static final int MAX_STREAMS = 1000;

  private static final int MAX_CHUNK = 64 * 1024;
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int COMPRESSION = 6;
  private static final int WINDOW_BITS = 15;
  private static final int MEMORY_LEVEL = 8;

  private final Link link;
  private final Opener opener;
  private final Map<Integer, SpdyStream> streams = new HashMap<>();
  private int lastId;
  private boolean finished;

  /** Decides on streams that the client opens. */
  @FunctionalInterface
  interface Opener {
    /** Takes the stream, or throws {@link Refused}; event loop. */
    void opened(SpdyStream stream) throws Refused;
  }

  /** A stream that makes no sense: it alone is reset. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String why) {
      super(why);
    }
  }

  /** Speaks SPDY on {@code link} from now on: behind what its pipeline has already. */
  SpdyMux(Link link, Opener opener) {
    this.link = link;
    this.opener = opener;
    link.codec()
        .pipeline()
        .addBefore(
            "tail",
            "spdy",
            new SpdyFrameCodec(
                SpdyVersion.SPDY_3_1,
                MAX_CHUNK,
                MAX_HEADERS,
                COMPRESSION,
                WINDOW_BITS,
                MEMORY_LEVEL));
    link.receiver(this);
    link.onClose(this::lost);
  }

  /** A stream that the client opened. */
  final class SpdyStream implements ClientStream {
    private final int id;
    private final SpdyHeaders headers;
    private final Inbox in = link.inbox();
    private final Outbox out =
        new Outbox(
            new Outbox.Frames() {
              @Override
              public void data(byte[] bytes, int offset, int length) throws IOException {
                link.send(() -> sendData(bytes, offset, length));
              }

              @Override
              public void end() throws IOException {
                link.send(SpdyStream.this::sendEnd);
              }
            });
    private boolean clientEnded; // event loop's, as the next
    private boolean weEnded;
    private boolean gone;

    private SpdyStream(int id, SpdyHeaders headers) {
      this.id = id;
      this.headers = headers;
    }

    int id() {
      return id;
    }

    /** A header of the frame that opened it; empty when it has none. */
    String header(String name) {
      CharSequence value = headers.get(name);
      return value == null ? "" : value.toString();
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
    public void reset() throws IOException {
      link.send(() -> resetNow(SpdyStreamStatus.CANCEL));
    }

    private void sendData(byte[] bytes, int offset, int length) throws IOException {
      if (gone || weEnded) {
        throw new ClientGoneException("the client has reset the stream");
      }
      link.sendNow(new DefaultSpdyDataFrame(id, Unpooled.wrappedBuffer(bytes, offset, length)));
    }

    private void sendEnd() {
      if (!gone && !weEnded) {
        weEnded = true;
        link.sendNow(new DefaultSpdyDataFrame(id).setLast(true));
        forgetWhenOver();
      }
    }

    /** Event loop's reset. */
    void resetNow(SpdyStreamStatus status) {
      if (!gone) {
        link.sendNow(new DefaultSpdyRstStreamFrame(id, status));
        lose(new ClientGoneException("the stream was reset"));
      }
    }

    private void ended() {
      clientEnded = true;
      in.end();
      forgetWhenOver();
    }

    private void forgetWhenOver() {
      if (clientEnded && weEnded) {
        streams.remove(id);
      }
    }

    private void lose(ClientGoneException why) {
      gone = true;
      in.fail(why);
      streams.remove(id);
    }
  }

  @Override
  public void received(Object message) {
    switch (message) {
      case SpdySynStreamFrame open -> open(open);
      case SpdyDataFrame data -> data(data);
      case SpdyRstStreamFrame reset -> {
        SpdyStream stream = streams.get(reset.streamId());
        if (stream != null) {
          stream.lose(new ClientGoneException("the client has reset the stream"));
        }
      }
      case SpdyPingFrame ping -> {
        if ((ping.id() & 1) == 1) { // the client's own, not an answer
          link.sendNow(new DefaultSpdyPingFrame(ping.id()));
        }
      }
      case SpdyGoAwayFrame _ -> link.close();
      case SpdyHeadersFrame headers -> {
        SpdyStream stream = streams.get(headers.streamId());
        if (stream != null && headers.isLast()) {
          stream.ended();
        }
      }
      default -> {} // SETTINGS and WINDOW_UPDATE, which mean nothing here
    }
  }

  private void open(SpdySynStreamFrame frame) {
    int id = frame.streamId();
    if (frame.isInvalid() || frame.isTruncated()) {
      // After an oversized or malformed block, nothing of the shared compression is sure.
      throw new ProtocolException("stream " + id + ": malformed or oversized headers");
    }
    if ((id & 1) == 0 || id <= lastId) {
      throw new ProtocolException("stream " + id + " after stream " + lastId);
    }
    lastId = id;
    if (finished || streams.size() >= MAX_STREAMS) {
      link.sendNow(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.REFUSED_STREAM));
      return;
    }
    SpdyStream stream = new SpdyStream(id, frame.headers());
    streams.put(id, stream);
    try {
      opener.opened(stream);
    } catch (Refused e) {
      System.getLogger("io.crema.server.streaming")
          .log(System.Logger.Level.DEBUG, "stream {0} refused: {1}", id, e.getMessage());
      stream.resetNow(SpdyStreamStatus.PROTOCOL_ERROR);
      return;
    }
    link.sendNow(reply(id));
    if (frame.isLast()) {
      stream.ended();
    }
  }

  /**
   * With the headers that SPDY/3.1 (3.2.2) wants in a reply. Netty would make a block of no bytes
   * of none, on which spdystream's reader ends the connection.
   */
  private static SpdySynReplyFrame reply(int id) {
    SpdySynReplyFrame reply = new DefaultSpdySynReplyFrame(id);
    reply.headers().set(":status", "200");
    reply.headers().set(":version", "HTTP/1.1");
    return reply;
  }

  private void data(SpdyDataFrame frame) {
    SpdyStream stream = streams.get(frame.streamId());
    if (stream == null || stream.clientEnded) {
      return; // it crossed our reset
    }
    stream.in.add(ByteBufUtil.getBytes(frame.content()));
    if (frame.isLast()) {
      stream.ended();
    }
  }

  /** All has been said on all streams: takes leave; from any thread. */
  void finish() {
    link.later(
        () -> {
          finished = true;
          streams.values().forEach(stream -> stream.in.close());
          link.finish(new DefaultSpdyGoAwayFrame(lastId));
        });
  }

  private void lost() {
    for (SpdyStream stream : List.copyOf(streams.values())) {
      stream.lose(Link.gone());
    }
  }
}
