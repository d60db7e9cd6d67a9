package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.sandbox.model.StreamSet;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that mean harm, or are broken. */
@Timeout(30)
class HostileClientTest {
  private static final StreamSet ALL = new StreamSet(true, true, true, false);
  private Rig rig;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig();
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  private void spdy() throws Exception {
    rig.upgrade(
        new StreamRequest.Exec("c", List.of("cat"), ALL),
        "POST",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        "X-Stream-Protocol-Version: v4.channel.k8s.io");
    rig.speakSpdy();
  }

  private FakePod.Command running() throws Exception {
    spdy();
    int id = 1;
    for (String type : List.of("error", "stdin", "stdout", "stderr")) {
      rig.open(id, Map.of("streamType", type));
      id += 2;
    }
    return rig.pod.processes.take();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /exec/0000000000000000000000 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /exec HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /exec/a/b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET //exec/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"
      })
  void guessedPathsAndTokensAreNotFound(String request) throws Exception {
    rig.send(request);
    assertThat(rig.head()).startsWith("HTTP/1.1 404 Not Found\r\n").contains("Connection: close");
    rig.transport.pass(Link.LINGER);
    assertThat(rig.transport.closed).isTrue();
  }

  @Test
  void otherMethodsAndBodiesAndGarbageAreRefused() throws Exception {
    rig.send("DELETE /exec/x HTTP/1.1\r\nHost: x\r\n\r\n");
    assertThat(rig.head()).startsWith("HTTP/1.1 405");
    try (Rig body = new Rig()) {
      body.send("POST /exec/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(body.head()).startsWith("HTTP/1.1 400");
    }
    try (Rig garbage = new Rig()) {
      garbage.send("\0\1\2\3\r\n\r\n\r\n");
      assertThat(garbage.head()).startsWith("HTTP/1.1 400");
    }
  }

  @Test
  void anEndlessRequestIsCutOff() throws Exception {
    rig.send("GET /" + "a".repeat(5000));
    assertThat(rig.head()).startsWith("HTTP/1.1 400");
    try (Rig headers = new Rig()) {
      headers.send("GET /exec/x HTTP/1.1\r\n" + "X: y\r\n".repeat(5000));
      assertThat(headers.head()).startsWith("HTTP/1.1 400");
    }
  }

  @Test
  void aClientThatAsksForNothingIsNotWaitedForEver() throws Exception {
    rig.send("GET /exec/");
    rig.transport.pass(Limits.DEFAULT.creation());
    assertThat(rig.transport.closed).isTrue();
    assertThat(rig.transport.timers()).isZero();
  }

  @Test
  void aTokenIsGoodOnce() throws Exception {
    String token = rig.tokens.issue(new StreamRequest.Exec("c", List.of("x"), ALL));
    String request =
        "POST /exec/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
            .formatted(token);
    rig.send(request);
    assertThat(rig.head()).startsWith("HTTP/1.1 101");
    try (Rig second = new Rig()) {
      second.send(request);
      assertThat(second.head()).startsWith("HTTP/1.1 404");
    }
  }

  @Test
  void protocolsInCommonThereAreNoneIsForbiddenWithAListOfOurs() throws Exception {
    assertThat(
            rig.upgrade(
                new StreamRequest.Exec("c", List.of("x"), ALL),
                "POST",
                "Connection: Upgrade",
                "Upgrade: SPDY/3.1",
                "X-Stream-Protocol-Version: v9.channel.k8s.io"))
        .startsWith("HTTP/1.1 403 Forbidden\r\n")
        .contains(
            "X-Accepted-Stream-Protocol-Versions: v4.channel.k8s.io, v3.channel.k8s.io,"
                + " v2.channel.k8s.io, channel.k8s.io");
    try (Rig webSocket = new Rig()) {
      assertThat(
              webSocket.upgrade(
                  new StreamRequest.Exec("c", List.of("x"), ALL),
                  "GET",
                  "Connection: Upgrade",
                  "Upgrade: websocket",
                  "Sec-WebSocket-Version: 13",
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                  "Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io"))
          .startsWith("HTTP/1.1 403");
    }
    try (Rig nothing = new Rig()) {
      assertThat(nothing.upgrade(new StreamRequest.Exec("c", List.of("x"), ALL), "GET"))
          .startsWith("HTTP/1.1 400");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8003000100000005000000010000000000", // SYN_STREAM that is too short
        "800200010000000a00000001000000000000", // another version
        "8003000600000003000000", // a ping of three bytes
        "80030003000000080000000000000001", // a reset of stream 0
        "0000000000000001aa" // data of stream 0
      })
  void malformedSpdyFramesEndTheConnection(String hex) throws Exception {
    FakePod.Command process = running();
    rig.send(HexFormat.of().parseHex(hex));
    assertThat(rig.transport.closed).isTrue();
    process.closed.get();
  }

  @Test
  void headersThatUnpackToMegabytesEndTheConnection() throws Exception {
    spdy();
    DefaultSpdySynStreamFrame bomb = new DefaultSpdySynStreamFrame(1, 0, (byte) 0);
    for (int i = 0; i < 128; i++) {
      bomb.headers().set("h" + i, "x".repeat(65000));
    }
    byte[] bytes = rig.encoded(bomb);
    assertThat(bytes.length).isLessThan(64 * 1024);
    rig.send(bytes);
    assertThat(rig.transport.closed).isTrue();
  }

  @Test
  void streamNumbersMustRise() throws Exception {
    spdy();
    rig.open(3, Map.of("streamType", "error"));
    rig.open(1, Map.of("streamType", "stdin"));
    assertThat(rig.transport.closed).isTrue();
  }

  @Test
  void aClientThatReadsNothingIsNotReadFromEither() throws Exception {
    FakePod.Command process = running();
    rig.transport.onLoop(() -> rig.transport.full = true);
    rig.send(rig.encoded(new DefaultSpdyPingFrame(1)));
    assertThat(rig.transport.paused).isTrue();
    process.output.write(new byte[1000]);
    process.output.flush();
    rig.transport.onLoop(
        () -> {
          rig.transport.taken();
          rig.transport.full = false;
          rig.link.writable();
        });
    assertThat(rig.transport.paused).isFalse();
  }

  @Test
  void aClientIsStoppedWhileItsInputIsNotRead() throws Exception {
    FakePod.Command process = running();
    String piece = "x".repeat(32 * 1024);
    int sent = 0;
    while (!rig.transport.paused) {
      rig.data(3, piece, false);
      rig.transport.onLoop(() -> {});
      sent += piece.length();
      assertThat(sent).isLessThan(4 * Link.INBOX_HIGH);
    }
    assertThat(sent).isGreaterThanOrEqualTo(Link.INBOX_HIGH);
    process.input.readNBytes(sent);
    while (rig.transport.paused) {
      rig.transport.onLoop(() -> {});
    }
    assertThat(process.input.available()).isZero();
  }

  @RepeatedTest(40)
  void noBytesWhatsoeverBreakMoreThanTheirConnection(RepetitionInfo repetition) throws Exception {
    Random random = new Random(repetition.getCurrentRepetition());
    FakePod.Command process = running();
    byte[] bytes = new byte[1 + random.nextInt(4000)];
    random.nextBytes(bytes);
    if (repetition.getCurrentRepetition() % 2 == 0) { // looks like a control frame
      bytes[0] = (byte) 0x80;
      bytes[1] = 3;
      bytes[2] = 0;
    }
    rig.send(bytes);
    rig.send(bytes);
    if (rig.transport.closed) {
      process.closed.get();
    }
    rig.transport.onLoop(rig.link::disconnected);
    process.closed.get();
    assertThat(process.wanted).isEqualTo(ALL);
    assertThat("done".getBytes(UTF_8)).isNotEmpty();
  }
}
