package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Port forwarding over SPDY, frame by frame. */
@Timeout(30)
class SpdyPortForwardTest {
  private Rig rig;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig();
    String head =
        rig.upgrade(
            new StreamRequest.PortForward("p1", List.of()),
            "POST",
            "Connection: Upgrade",
            "Upgrade: SPDY/3.1",
            "X-Stream-Protocol-Version: portforward.k8s.io");
    assertThat(head).contains("101").contains("X-Stream-Protocol-Version: portforward.k8s.io");
    rig.speakSpdy();
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  private void open(int id, String type, String port, String request) throws Exception {
    rig.open(id, Map.of("streamType", type, "port", port, "requestID", request));
  }

  /** Opens error stream {@code id} and data stream {@code id + 2}. */
  private void pair(int id, int port, String request) throws Exception {
    open(id, "error", Integer.toString(port), request);
    open(id + 2, "data", Integer.toString(port), request);
    assertThat(rig.frame()).isInstanceOf(SpdySynReplyFrame.class);
    assertThat(rig.frame()).isInstanceOf(SpdySynReplyFrame.class);
  }

  @Test
  void eachDirectionEndsByItself() throws Exception {
    pair(1, 80, "0");
    FakePod.Port port = rig.pod.connections.take();
    assertThat(port.port).isEqualTo(80);
    rig.data(3, "question", true);
    assertThat(new String(port.input.readAllBytes(), UTF_8)).isEqualTo("question");
    port.output.write("answer".getBytes(UTF_8));
    port.output.close();
    assertThat(rig.read(3)).isEqualTo("answer");
    assertThat(rig.read(1)).isEmpty();
    port.closed.get();
  }

  @Test
  void thePodMayEndFirst() throws Exception {
    pair(1, 80, "0");
    FakePod.Port port = rig.pod.connections.take();
    port.output.write("greeting".getBytes(UTF_8));
    port.output.close();
    assertThat(rig.read(3)).isEqualTo("greeting");
    rig.data(3, "late", true);
    assertThat(new String(port.input.readAllBytes(), UTF_8)).isEqualTo("late");
    assertThat(rig.read(1)).isEmpty();
  }

  @Test
  void aClientThatTakesLeaveByResetIsNoError() throws Exception {
    pair(1, 80, "0");
    FakePod.Port port = rig.pod.connections.take();
    port.output.write("page".getBytes(UTF_8));
    port.output.close();
    assertThat(rig.read(3)).isEqualTo("page");
    rig.send(rig.encoded(new DefaultSpdyRstStreamFrame(3, SpdyStreamStatus.CANCEL)));
    assertThat(rig.read(1)).isEmpty();
    port.closed.get();
  }

  @Test
  void aRefusedConnectionIsToldOnItsErrorStreamAndTheSessionGoesOn() throws Exception {
    rig.pod.refusing.put(81, "127.0.0.1: refused; ::1: refused");
    pair(1, 81, "0");
    assertThat(rig.frame())
        .isInstanceOfSatisfying(
            io.netty.handler.codec.spdy.SpdyDataFrame.class,
            d -> {
              assertThat(d.streamId()).isEqualTo(1);
              assertThat(d.content().toString(UTF_8))
                  .isEqualTo(
                      "error forwarding port 81 to pod p1: 127.0.0.1: refused; ::1: refused");
              d.release();
            });
    assertThat(rig.frame()).isInstanceOf(SpdyRstStreamFrame.class);
    assertThat(rig.frame()).isInstanceOf(SpdyRstStreamFrame.class);
    pair(5, 80, "1");
    FakePod.Port port = rig.pod.connections.take();
    port.output.write("ok".getBytes(UTF_8));
    port.output.close();
    assertThat(rig.read(7)).isEqualTo("ok");
  }

  @Test
  void aConnectionThatThePodResetsEndsAloneWithoutAWordOnTheErrorStream() throws Exception {
    pair(1, 80, "0");
    FakePod.Port broken = rig.pod.connections.take();
    pair(5, 80, "1");
    FakePod.Port whole = rig.pod.connections.take();
    broken.broken = new IOException("ECONNRESET");
    broken.output.close();
    assertThat(rig.read(1)).isEmpty();
    whole.output.write("still here".getBytes(UTF_8));
    whole.output.close();
    assertThat(rig.read(7)).isEqualTo("still here");
  }

  @Test
  void manyConnectionsAtOnceDontMix() throws Exception {
    for (int i = 0; i < 50; i++) {
      pair(4 * i + 1, 1000 + i, Integer.toString(i));
    }
    for (int i = 0; i < 50; i++) {
      FakePod.Port port = rig.pod.connections.take();
      port.output.write(Integer.toString(port.port).getBytes(UTF_8));
      port.output.close();
      assertThat(rig.read(4 * (port.port - 1000) + 3)).isEqualTo(Integer.toString(port.port));
    }
  }

  @Test
  void clientsWithoutRequestIdsAreServedByTheOrderOfTheirStreams() throws Exception {
    rig.open(1, Map.of("streamType", "error", "port", "80"));
    rig.open(3, Map.of("streamType", "data", "port", "80"));
    assertThat(rig.pod.connections.take().port).isEqualTo(80);
  }

  @ParameterizedTest
  @CsvSource({"data,''", "data,abc", "data,-1", "data,0", "data,65536", "foo,80", "'',80"})
  void streamsThatMakeNoSenseAreResetAlone(String type, String port) throws Exception {
    open(1, type, port, "0");
    assertThat(rig.frame())
        .isInstanceOfSatisfying(
            SpdyRstStreamFrame.class, r -> assertThat(r.streamId()).isEqualTo(1));
    assertThat(rig.transport.closed).isFalse();
    pair(3, 80, "0");
    assertThat(rig.pod.connections.take().port).isEqualTo(80);
  }

  @Test
  void halfAPairIsGivenUpAfterAWhile() throws Exception {
    open(1, "error", "80", "0");
    assertThat(rig.frame()).isInstanceOf(SpdySynReplyFrame.class);
    rig.transport.pass(Limits.DEFAULT.creation());
    assertThat(rig.frame()).isInstanceOf(SpdyRstStreamFrame.class);
    assertThat(rig.transport.timers()).isZero();
    assertThat(rig.transport.closed).isFalse();
  }

  @Test
  void aClientThatLeavesEndsAllItsConnections() throws Exception {
    pair(1, 80, "0");
    pair(5, 81, "1");
    FakePod.Port first = rig.pod.connections.take();
    FakePod.Port second = rig.pod.connections.take();
    rig.transport.onLoop(rig.link::disconnected);
    first.closed.get();
    second.closed.get();
  }
}
