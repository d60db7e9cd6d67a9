package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/** A connection to a fake runtime, with a client at its other end, byte by byte. */
final class Rig implements AutoCloseable {
  final FakeTransport transport = new FakeTransport();
  final FakePod pod = new FakePod();
  final StreamTokens tokens = new StreamTokens(System::nanoTime);
  final Link link;
  private final EmbeddedChannel client = new EmbeddedChannel();
  private final Deque<Object> received = new ArrayDeque<>();

  Rig() throws Exception {
    Link[] made = new Link[1];
    transport.onLoop(
        () -> made[0] = new ClientConnection(transport, pod, tokens, Limits.DEFAULT).link());
    link = made[0];
  }

  /** Bytes from the client. */
  void send(byte[] bytes) throws InterruptedException, ExecutionException {
    transport.onLoop(() -> link.received(bytes));
  }

  void send(String text) throws InterruptedException, ExecutionException {
    send(text.getBytes(UTF_8));
  }

  /** A request for the streams of {@code request}, and the head of its answer. */
  String upgrade(StreamRequest request, String method, String... headers) throws Exception {
    String token = tokens.issue(request);
    StringBuilder http = new StringBuilder();
    http.append(method).append(" /").append(request.path()).append('/').append(token);
    http.append(" HTTP/1.1\r\nHost: x\r\n");
    for (String header : headers) {
      http.append(header).append("\r\n");
    }
    send(http + "\r\n");
    return head();
  }

  /** The head of an answer; what follows it stays. */
  String head() throws InterruptedException {
    String bytes = new String(transport.take(), java.nio.charset.StandardCharsets.ISO_8859_1);
    int end = bytes.indexOf("\r\n\r\n") + 4;
    if (end < bytes.length()) {
      rest = bytes.substring(end).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    }
    return bytes.substring(0, end);
  }

  byte[] rest = {};

  // --- SPDY ---

  void speakSpdy() {
    client.pipeline().addLast(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
  }

  /** Encodes as the client does. */
  byte[] encoded(Object message) {
    client.writeOutbound(message);
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part = client.readOutbound(); part != null; part = client.readOutbound()) {
      all.writeBytes(part);
      part.release();
    }
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }

  void open(int id, Map<String, String> headers) throws Exception {
    DefaultSpdySynStreamFrame frame = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
    headers.forEach(
        (name, value) -> frame.headers().set(name.toLowerCase(java.util.Locale.ROOT), value));
    send(encoded(frame));
  }

  void data(int id, String text, boolean last) throws Exception {
    send(
        encoded(
            new DefaultSpdyDataFrame(id, Unpooled.wrappedBuffer(text.getBytes(UTF_8)))
                .setLast(last)));
  }

  /** The server's next frame. */
  Object frame() throws InterruptedException {
    while (received.isEmpty()) {
      client.writeInbound(Unpooled.wrappedBuffer(transport.take()));
      for (Object m = client.readInbound(); m != null; m = client.readInbound()) {
        received.add(m);
      }
      if (received.isEmpty() && transport.closed) {
        throw new AssertionError("the server has closed the connection");
      }
    }
    return received.remove();
  }

  /** Data of stream {@code id} until its end; other streams' frames are skipped. */
  String read(int id) throws InterruptedException {
    StringBuilder all = new StringBuilder();
    while (true) {
      Object next = frame();
      if (next instanceof SpdyDataFrame data && data.streamId() == id) {
        all.append(data.content().toString(UTF_8));
        boolean last = data.isLast();
        ReferenceCountUtil.release(data);
        if (last) {
          return all.toString();
        }
      }
    }
  }

  @Override
  public void close() {
    transport.execute(link::disconnected);
    transport.end();
    client.finishAndReleaseAll();
  }
}
