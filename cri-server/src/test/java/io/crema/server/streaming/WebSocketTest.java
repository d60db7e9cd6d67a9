package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.sandbox.model.StreamSet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exec, attach and port forwarding over WebSocket, message by message. */
@Timeout(30)
class WebSocketTest {
  private static final StreamSet ALL = new StreamSet(true, true, true, false);
  private Rig rig;
  private final EmbeddedChannel client =
      new EmbeddedChannel(
          new WebSocket13FrameDecoder(false, false, 8 << 20), new WebSocket13FrameEncoder(true));
  private boolean base64;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig();
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
    client.finishAndReleaseAll();
  }

  private String connect(StreamRequest request, String protocol) throws Exception {
    base64 = protocol.contains("base64");
    String head =
        protocol.isEmpty()
            ? rig.upgrade(
                request,
                "GET",
                "Connection: keep-alive, Upgrade",
                "Upgrade: WebSocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
            : rig.upgrade(
                request,
                "GET",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol: " + protocol);
    client.writeInbound(Unpooled.wrappedBuffer(rig.rest));
    return head;
  }

  private static StreamRequest exec(StreamSet streams) {
    return new StreamRequest.Exec("c1", List.of("cat"), streams);
  }

  private void send(WebSocketFrame frame) throws Exception {
    client.writeOutbound(frame);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (ByteBuf part = client.readOutbound(); part != null; part = client.readOutbound()) {
      part.readBytes(bytes, part.readableBytes());
      part.release();
    }
    rig.send(bytes.toByteArray());
  }

  private void send(int channel, String text) throws Exception {
    byte[] bytes = text.getBytes(UTF_8);
    if (base64) {
      send(
          new TextWebSocketFrame(
              (char) ('0' + channel) + Base64.getEncoder().encodeToString(bytes)));
    } else {
      send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {(byte) channel}, bytes)));
    }
  }

  private WebSocketFrame frame() throws InterruptedException {
    WebSocketFrame next = client.readInbound();
    while (next == null) {
      client.writeInbound(Unpooled.wrappedBuffer(rig.transport.take()));
      next = client.readInbound();
      if (next == null && rig.transport.closed) {
        throw new AssertionError("the server has closed the connection");
      }
    }
    return next;
  }

  /** The next message: its channel's number, a colon, its bytes. */
  private String message() throws InterruptedException {
    WebSocketFrame frame = frame();
    try {
      ByteBuf content = frame.content();
      if (base64) {
        assertThat(frame).isInstanceOf(TextWebSocketFrame.class);
        String text = content.toString(UTF_8);
        return text.charAt(0)
            + ":"
            + new String(Base64.getDecoder().decode(text.substring(1)), UTF_8);
      }
      assertThat(frame).isInstanceOf(BinaryWebSocketFrame.class);
      return content.readByte() + ":" + content.toString(UTF_8);
    } finally {
      frame.release();
    }
  }

  private void assertClosed() {
    assertThat(rig.transport.closed).isTrue();
  }

  @Test
  void theHandshakeIsThatOfTheRfc() throws Exception {
    assertThat(connect(exec(ALL), "v4.channel.k8s.io"))
        .isEqualTo(
            String.join(
                "\r\n",
                "HTTP/1.1 101 Switching Protocols",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "Sec-WebSocket-Protocol: v4.channel.k8s.io",
                "",
                ""));
  }

  @ParameterizedTest
  @CsvSource({
    "v5.channel.k8s.io, true",
    "v4.channel.k8s.io, true",
    "v4.base64.channel.k8s.io, true",
    "channel.k8s.io, false",
    "base64.channel.k8s.io, false",
    "'', false"
  })
  void bothOutputsAndTheExitCodeComeOnTheirChannels(String protocol, boolean json)
      throws Exception {
    String head = connect(exec(ALL), protocol);
    assertThat(head.contains("Sec-WebSocket-Protocol")).isEqualTo(!protocol.isEmpty());
    assertThat(message()).isEqualTo("1:"); // connected
    FakePod.Command process = rig.pod.processes.take();
    send(0, "some input");
    byte[] input = new byte[10];
    assertThat(process.input.readNBytes(input, 0, 10)).isEqualTo(10);
    assertThat(new String(input, UTF_8)).isEqualTo("some input");
    process.output.write("out".getBytes(UTF_8));
    process.output.flush();
    assertThat(message()).isEqualTo("1:out");
    process.error.write("err".getBytes(UTF_8));
    process.error.flush();
    assertThat(message()).isEqualTo("2:err");
    process.exit(7);
    if (json) {
      assertThat(message())
          .startsWith("3:{\"metadata\":{},\"status\":\"Failure\"")
          .contains("\"7\"");
    } else {
      assertThat(message()).startsWith("3:command terminated with non-zero exit code");
    }
    assertThat(frame())
        .isInstanceOfSatisfying(
            CloseWebSocketFrame.class, c -> assertThat(c.statusCode()).isEqualTo(1000));
    send(new CloseWebSocketFrame(1000, ""));
    assertClosed();
  }

  @Test
  void inVersion5TheClientEndsItsInputAlone() throws Exception {
    connect(exec(ALL), "v5.channel.k8s.io");
    FakePod.Command process = rig.pod.processes.take();
    send(0, "all of it");
    send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {(byte) 255, 0})));
    assertThat(new String(process.input.readAllBytes(), UTF_8)).isEqualTo("all of it");
    process.exit(0);
    assertThat(message()).isEqualTo("1:");
    assertThat(message()).contains("Success");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ff", "ff0000", "ff09", "09", "7f41"})
  void version5MessagesThatMakeNoSenseEndTheConnection(String hex) throws Exception {
    connect(exec(ALL), "v5.channel.k8s.io");
    FakePod.Command process = rig.pod.processes.take();
    send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(java.util.HexFormat.of().parseHex(hex))));
    assertClosed();
    process.closed.get();
  }

  @Test
  void whatIsNotBase64EndsTheConnection() throws Exception {
    connect(exec(ALL), "v4.base64.channel.k8s.io");
    send(new TextWebSocketFrame("0§§§"));
    assertClosed();
  }

  @Test
  void aMessageInPartsIsOneMessage() throws Exception {
    connect(exec(ALL), "v4.channel.k8s.io");
    FakePod.Command process = rig.pod.processes.take();
    send(new BinaryWebSocketFrame(false, 0, Unpooled.wrappedBuffer(new byte[] {0, 'a'})));
    send(new PingWebSocketFrame(Unpooled.wrappedBuffer("beat".getBytes(UTF_8))));
    send(new ContinuationWebSocketFrame(true, 0, Unpooled.wrappedBuffer(new byte[] {'b'})));
    assertThat(process.input.readNBytes(2)).isEqualTo("ab".getBytes(UTF_8));
    assertThat(message()).isEqualTo("1:");
    assertThat(frame())
        .isInstanceOfSatisfying(
            PongWebSocketFrame.class,
            p -> assertThat(p.content().toString(UTF_8)).isEqualTo("beat"));
  }

  @Test
  void sizesComeOnChannelFour() throws Exception {
    connect(exec(new StreamSet(true, true, false, true)), "v4.channel.k8s.io");
    FakePod.Command process = rig.pod.processes.take();
    send(4, "{\"Width\":100,\"Height\":40}");
    assertThat(process.sizes.take()).isEqualTo("100x40");
  }

  @Test
  void theFirstMessageIsOnTheErrorChannelWhenNoOutputIsWanted() throws Exception {
    connect(exec(new StreamSet(true, false, false, false)), "v4.channel.k8s.io");
    assertThat(message()).isEqualTo("3:");
  }

  @Test
  void aMessageThatIsTooLargeEndsTheConnection() throws Exception {
    connect(exec(ALL), "v4.channel.k8s.io");
    FakePod.Command process = rig.pod.processes.take();
    // Only the head of the frame: its length alone is refused.
    rig.send(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4});
    assertClosed();
    process.closed.get();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8203414243", // not masked
        "c28200000000", // a reserved bit
        "838000000000", // a reserved opcode
        "808000000000", // a continuation of nothing
        "89fe00ff00000000" // a ping of 255 bytes
      })
  void malformedFramesEndTheConnection(String hex) throws Exception {
    connect(exec(ALL), "v5.channel.k8s.io");
    rig.send(java.util.HexFormat.of().parseHex(hex));
    assertClosed();
  }

  @ParameterizedTest
  @CsvSource({"v4.channel.k8s.io", "v4.base64.channel.k8s.io", "''"})
  void portsHaveTwoChannelsEachThatBeginWithTheirNumber(String protocol) throws Exception {
    connect(new StreamRequest.PortForward("p1", List.of(80, 8080)), protocol);
    if (base64) {
      assertThat(frame().content().toString(UTF_8)).isEqualTo("0UAA=");
      assertThat(frame().content().toString(UTF_8)).isEqualTo("1UAA=");
    } else {
      for (byte[] expected :
          new byte[][] {{0, 80, 0}, {1, 80, 0}, {2, (byte) 0x90, 0x1f}, {3, (byte) 0x90, 0x1f}}) {
        byte[] got = new byte[3];
        frame().content().readBytes(got);
        assertThat(got).isEqualTo(expected);
      }
    }
    FakePod.Port first = rig.pod.connections.take();
    FakePod.Port second = rig.pod.connections.take();
    FakePod.Port web = first.port == 80 ? first : second;
    FakePod.Port other = first.port == 80 ? second : first;
    send(0, "get");
    assertThat(web.input.readNBytes(3)).isEqualTo("get".getBytes(UTF_8));
    if (base64) {
      frame();
      frame();
    }
    web.output.write("page".getBytes(UTF_8));
    web.output.close();
    assertThat(message()).isEqualTo("0:page");
    web.closed.get();
    other.output.close();
    assertThat(frame()).isInstanceOf(CloseWebSocketFrame.class);
  }

  @Test
  void aRefusedPortIsToldOnItsErrorChannel() throws Exception {
    rig.pod.refusing.put(80, "refused");
    connect(new StreamRequest.PortForward("p1", List.of(80)), "v4.channel.k8s.io");
    assertThat(frame().content().readableBytes()).isEqualTo(3);
    assertThat(frame().content().readableBytes()).isEqualTo(3);
    assertThat(message()).isEqualTo("1:error forwarding port 80 to pod p1: refused");
    assertThat(frame()).isInstanceOf(CloseWebSocketFrame.class);
  }

  @Test
  void spdyIsTunneledInBinaryMessages() throws Exception {
    assertThat(
            connect(new StreamRequest.PortForward("p1", List.of()), "SPDY/3.1+portforward.k8s.io"))
        .contains("Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io");
    Rig inner = rig;
    inner.speakSpdy();
    for (String type : new String[] {"error", "data"}) {
      var open =
          new io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame(
              type.equals("error") ? 1 : 3, 0, (byte) 0);
      open.headers().set("streamtype", type).set("port", "80").set("requestid", "0");
      send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(inner.encoded(open))));
    }
    FakePod.Port port = rig.pod.connections.take();
    byte[] data =
        inner.encoded(
            new io.netty.handler.codec.spdy.DefaultSpdyDataFrame(
                3, Unpooled.wrappedBuffer("hi".getBytes(UTF_8))));
    // A frame cut between messages.
    send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(data, 0, 5)));
    send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(data, 5, data.length - 5)));
    assertThat(port.input.readNBytes(2)).isEqualTo("hi".getBytes(UTF_8));
    assertThat(frame()).isInstanceOf(BinaryWebSocketFrame.class);
    send(new PingWebSocketFrame());
    WebSocketFrame next = frame();
    while (next instanceof BinaryWebSocketFrame) {
      next = frame();
    }
    assertThat(next).isInstanceOf(PongWebSocketFrame.class);
    send(new CloseWebSocketFrame(1000, ""));
    assertClosed();
    port.closed.get();
  }

  @Test
  void textInATunnelEndsTheConnection() throws Exception {
    connect(new StreamRequest.PortForward("p1", List.of()), "SPDY/3.1+portforward.k8s.io");
    send(new TextWebSocketFrame("hello"));
    assertClosed();
  }
}
