package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.StreamSet;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynReplyFrame;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exec and attach over SPDY, frame by frame. */
@Timeout(30)
class SpdyRemoteCommandTest {
  private static final StreamSet ALL = new StreamSet(true, true, true, false);
  private static final String[] V4 = {
    "Connection: Upgrade", "Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v4.channel.k8s.io"
  };
  private Rig rig;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig();
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  private static StreamRequest exec(StreamSet streams) {
    return new StreamRequest.Exec("c1", List.of("sh", "-c", "x"), streams);
  }

  private void streams(String... types) throws Exception {
    rig.speakSpdy();
    for (int i = 0; i < types.length; i++) {
      rig.open(2 * i + 1, Map.of("streamType", types[i]));
      assertThat(rig.frame())
          .isInstanceOfSatisfying(SpdySynReplyFrame.class, r -> assertThat(r.isLast()).isFalse());
    }
  }

  @Test
  void inputGoesToTheProcessAndBothOutputsAndTheExitCodeComeBack() throws Exception {
    assertThat(rig.upgrade(exec(ALL), "POST", V4))
        .isEqualTo(
            String.join(
                "\r\n",
                "HTTP/1.1 101 Switching Protocols",
                "Connection: Upgrade",
                "Upgrade: SPDY/3.1",
                "X-Stream-Protocol-Version: v4.channel.k8s.io",
                "",
                ""));
    streams("error", "stdin", "stdout", "stderr");
    FakePod.Command process = rig.pod.processes.take();
    assertThat(process.command).containsExactly("sh", "-c", "x");
    rig.data(3, "hello", false);
    rig.data(3, " world", true);
    assertThat(new String(process.input.readAllBytes(), UTF_8)).isEqualTo("hello world");
    process.output.write("out".getBytes(UTF_8));
    process.output.close();
    assertThat(rig.read(5)).isEqualTo("out");
    process.error.write("err".getBytes(UTF_8));
    process.exit(3);
    assertThat(rig.read(7)).isEqualTo("err");
    assertThat(rig.read(1))
        .isEqualTo(
            "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"command terminated with"
                + " non-zero exit code: error executing command [sh, -c, x], exit code 3\","
                + "\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{"
                + exitCause("3")
                + "}]}}");
    assertThat(rig.frame()).isInstanceOf(SpdyGoAwayFrame.class);
    assertThat(process.closed).isCompleted();
  }

  private static String exitCause(String code) {
    return "\"reason\":\"ExitCode\",\"message\":\"" + code + "\"";
  }

  @Test
  void theConnectionWaitsForTheClientToCloseButNotForEver() throws Exception {
    rig.upgrade(exec(new StreamSet(false, true, false, false)), "POST", V4);
    streams("error", "stdout");
    rig.pod.processes.take().exit(0);
    assertThat(rig.read(1)).isEqualTo("{\"metadata\":{},\"status\":\"Success\"}");
    assertThat(rig.frame()).isInstanceOf(SpdyGoAwayFrame.class);
    rig.data(3, "what comes now is discarded", false);
    assertThat(rig.transport.closed).isFalse();
    rig.transport.pass(Link.LINGER);
    assertThat(rig.transport.closed).isTrue();
    assertThat(rig.transport.timers()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"})
  void earlierVersionsTellErrorsAsText(String version) throws Exception {
    String head =
        rig.upgrade(
            exec(new StreamSet(false, true, false, false)),
            "POST",
            "Connection: Upgrade",
            "Upgrade: SPDY/3.1",
            "X-Stream-Protocol-Version: " + version);
    assertThat(head).contains("X-Stream-Protocol-Version: " + version);
    streams("error", "stdout");
    rig.pod.processes.take().exit(1);
    assertThat(rig.read(1)).startsWith("command terminated with non-zero exit code");
  }

  @Test
  void aTerminalsSizesPassAndAVersionWithoutThemNeedsNoStream() throws Exception {
    StreamSet tty = new StreamSet(true, true, false, true);
    rig.upgrade(exec(tty), "POST", V4);
    streams("error", "stdin", "stdout");
    assertThat(rig.pod.processes).isEmpty();
    rig.open(7, Map.of("streamType", "resize"));
    FakePod.Command process = rig.pod.processes.take();
    rig.data(7, "{\"Width\":80,\"Hei", false);
    rig.data(7, "ght\":24}\n{\"Width\":0,\"Height\":0}\n{\"width\":132,\"height\":43}", false);
    assertThat(process.sizes.take()).isEqualTo("80x24");
    assertThat(process.sizes.take()).isEqualTo("0x0");
    assertThat(process.sizes.take()).isEqualTo("132x43");
  }

  @Test
  void aFailureToStartIsToldOnTheErrorStream() throws Exception {
    rig.pod.failure =
        new SandboxException(SandboxException.Code.INTERNAL, "execve nothing: no such file");
    rig.upgrade(exec(new StreamSet(false, true, false, false)), "POST", V4);
    streams("error", "stdout");
    assertThat(rig.read(1))
        .isEqualTo(
            "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Internal error occurred: error"
                + " executing command in container: execve nothing: no such"
                + " file\",\"reason\":\"InternalError\",\"code\":500}");
  }

  @Test
  void aClientThatLeavesEndsTheSession() throws Exception {
    rig.upgrade(exec(ALL), "POST", V4);
    streams("error", "stdin", "stdout", "stderr");
    FakePod.Command process = rig.pod.processes.take();
    rig.transport.onLoop(rig.link::disconnected);
    process.closed.get();
    assertThat(process.input.read()).isEqualTo(-1);
  }

  @Test
  void goAwayEndsTheConnection() throws Exception {
    rig.upgrade(exec(ALL), "POST", V4);
    streams("error", "stdin", "stdout", "stderr");
    rig.send(rig.encoded(new DefaultSpdyGoAwayFrame(0)));
    rig.pod.processes.take().closed.get();
    assertThat(rig.transport.closed).isTrue();
  }

  @Test
  void aResetOutputBreaksTheProcesssPipeAndNothingElse() throws Exception {
    rig.upgrade(exec(ALL), "POST", V4);
    streams("error", "stdin", "stdout", "stderr");
    FakePod.Command process = rig.pod.processes.take();
    rig.send(rig.encoded(new DefaultSpdyRstStreamFrame(5, SpdyStreamStatus.CANCEL)));
    process.output.write("x".getBytes(UTF_8));
    process.output.flush();
    process.error.write("still here".getBytes(UTF_8));
    process.exit(0);
    assertThat(rig.read(7)).isEqualTo("still here");
    assertThat(rig.read(1)).contains("Success");
  }

  @Test
  void anAttachedClientSeesTheEndOfTheContainer() throws Exception {
    rig.upgrade(new StreamRequest.Attach("c1", ALL), "POST", V4);
    streams("error", "stdin", "stdout", "stderr");
    FakePod.Command process = rig.pod.processes.take();
    process.output.write("tick".getBytes(UTF_8));
    process.exit(5);
    assertThat(rig.read(5)).isEqualTo("tick");
    assertThat(rig.read(1)).contains("\"status\":\"Success\"");
  }

  @Test
  void attachingToInputThatOutlivesClientsEndsWithTheClientsInput() throws Exception {
    rig.pod.endsWithInput = true;
    rig.upgrade(new StreamRequest.Attach("c1", ALL), "POST", V4);
    streams("error", "stdin", "stdout", "stderr");
    FakePod.Command process = rig.pod.processes.take();
    rig.data(3, "last words", true);
    assertThat(rig.read(1)).contains("\"status\":\"Success\"");
    process.closed.get();
  }

  @Test
  void pingsAreAnsweredAndAnswersAreNot() throws Exception {
    rig.upgrade(exec(ALL), "POST", V4);
    rig.speakSpdy();
    rig.send(rig.encoded(new DefaultSpdyPingFrame(2)));
    rig.send(rig.encoded(new DefaultSpdyPingFrame(7)));
    assertThat(rig.frame())
        .isInstanceOfSatisfying(SpdyPingFrame.class, p -> assertThat(p.id()).isEqualTo(7));
  }

  @Test
  void aStreamThatIsNotAwaitedIsResetAlone() throws Exception {
    rig.upgrade(exec(new StreamSet(false, true, false, false)), "POST", V4);
    rig.speakSpdy();
    rig.open(1, Map.of("streamType", "stderr"));
    assertThat(rig.frame()).isInstanceOf(SpdyRstStreamFrame.class);
    rig.open(3, Map.of("streamType", "error"));
    assertThat(rig.frame()).isInstanceOf(SpdySynReplyFrame.class);
    rig.open(5, Map.of("streamType", "error"));
    assertThat(rig.frame()).isInstanceOf(SpdyRstStreamFrame.class);
    rig.open(7, Map.of("streamType", "stdout"));
    rig.pod.processes.take().exit(0);
    assertThat(rig.read(3)).contains("Success");
  }

  @Test
  void aClientThatOpensTooFewStreamsIsNotWaitedForEver() throws Exception {
    rig.upgrade(exec(ALL), "POST", V4);
    streams("error", "stdin");
    rig.transport.pass(Limits.DEFAULT.creation());
    assertThat(rig.transport.closed).isTrue();
    assertThat(rig.pod.processes).isEmpty();
    assertThat(rig.transport.timers()).isZero();
  }
}
