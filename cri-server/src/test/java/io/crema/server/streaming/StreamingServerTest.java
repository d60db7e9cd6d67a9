package io.crema.server.streaming;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.StreamSet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server on a real loopback. */
@Timeout(120)
class StreamingServerTest {
  private static final StreamSet ALL = new StreamSet(true, true, true, false);
  private final FakePod pod = new FakePod();
  private final List<StreamingServer> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(StreamingServer::close);
  }

  private StreamingServer start(StreamingConfig config) throws Exception {
    StreamingServer server = StreamingServer.open(pod, config);
    servers.add(server);
    return server;
  }

  private static URI url(StreamingServer server) throws Exception {
    return URI.create(server.url(new StreamRequest.Exec("c", List.of("cat"), ALL)));
  }

  private static Socket connect(URI url) throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), url.getPort());
  }

  private static long vertxThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("vert.x"))
        .count();
  }

  @Test
  void nothingRunsBeforeTheFirstRequestNorAfterTheEnd() throws Exception {
    StreamingServer server = start(StreamingConfig.DEFAULT);
    assertThat(vertxThreads()).isZero();
    URI url = url(server);
    assertThat(url.getHost()).isEqualTo("127.0.0.1");
    try (Socket socket = connect(url)) {
      server.close();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
    assertThatThrownBy(() -> connect(url).close()).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> url(server))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.code()).isEqualTo(SandboxException.Code.UNAVAILABLE));
  }

  @Test
  void aPortThatIsTakenIsKnownAtTheStart() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () ->
                  StreamingServer.open(pod, StreamingConfig.DEFAULT.at(other.getLocalPort()))
                      .close())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("streaming: listen on 127.0.0.1:" + other.getLocalPort());
    }
  }

  @Test
  void moreConnectionsThanAllowedAreRefusedUntilOthersEnd() throws Exception {
    StreamingServer server =
        start(
            new StreamingConfig(
                "127.0.0.1",
                0,
                null,
                null,
                new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 2)));
    URI url = url(server);
    try (Socket first = connect(url);
        Socket second = connect(url);
        Socket third = connect(url)) {
      assertThat(third.getInputStream().read()).isEqualTo(-1);
      first.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
      assertThat(first.getInputStream().readNBytes(12)).isEqualTo("HTTP/1.1 404".getBytes(UTF_8));
      assertThat(second.isConnected()).isTrue();
    }
  }

  @Test
  void idleConnectionsEnd() throws Exception {
    StreamingServer server =
        start(
            new StreamingConfig(
                "127.0.0.1",
                0,
                null,
                null,
                new Limits(Duration.ofMinutes(5), Duration.ofSeconds(1), 9)));
    try (Socket socket = connect(url(server))) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  /** Collects a WebSocket's messages; asks for the next when the test allows. */
  private static final class Collector implements WebSocket.Listener {
    final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    final CompletableFuture<String> status = new CompletableFuture<>();
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      message.writeBytes(bytes);
      if (last) {
        byte[] whole = message.toByteArray();
        message.reset();
        if (whole[0] == 1) {
          stdout.write(whole, 1, whole.length - 1);
        } else if (whole[0] == 3) {
          status.complete(new String(whole, 1, whole.length - 1, UTF_8));
        }
      }
      socket.request(1);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      status.completeExceptionally(error);
    }
  }

  @Test
  void manyMegabytesPassBothWaysUnchanged() throws Exception {
    StreamingServer server = start(StreamingConfig.DEFAULT);
    URI http = url(server);
    Collector collector = new Collector();
    byte[] sent = new byte[24 << 20];
    new Random(7).nextBytes(sent);
    try (HttpClient client = HttpClient.newHttpClient()) {
      WebSocket socket =
          client
              .newWebSocketBuilder()
              .subprotocols("v5.channel.k8s.io", "v4.channel.k8s.io")
              .buildAsync(URI.create("ws" + http.toString().substring(4)), collector)
              .get();
      assertThat(socket.getSubprotocol()).isEqualTo("v5.channel.k8s.io");
      FakePod.Command process = pod.processes.take();
      Thread cat =
          Thread.startVirtualThread(
              () -> {
                try {
                  process.input.transferTo(process.output);
                  process.exit(0);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      int piece = 32 * 1024;
      for (int at = 0; at < sent.length; at += piece) {
        byte[] frame = new byte[piece + 1];
        System.arraycopy(sent, at, frame, 1, piece);
        socket.sendBinary(ByteBuffer.wrap(frame), true).get();
      }
      socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).get();
      assertThat(collector.status.get()).contains("Success");
      cat.join();
      assertThat(Arrays.equals(collector.stdout.toByteArray(), sent)).isTrue();
    }
  }

  private static SSLContext trusting() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        null,
        new TrustManager[] {
          new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
              return new X509Certificate[0];
            }
          }
        },
        null);
    return context;
  }

  @Test
  void withACertificateItSpeaksTls() throws Exception {
    Path resources = Path.of("src/test/resources/streaming");
    StreamingServer server =
        start(
            new StreamingConfig(
                "127.0.0.1",
                0,
                resources.resolve("tls.crt"),
                resources.resolve("tls.key"),
                Limits.DEFAULT));
    URI url = url(server);
    assertThat(url.getScheme()).isEqualTo("https");
    // The certificate is for 127.0.0.1, as the client checks.
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build()) {
      URI guessed = url.resolve("/exec/AAAAAAAAAAAAAAAAAAAAAA");
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(guessed).version(HttpClient.Version.HTTP_1_1).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(404);
      Collector collector = new Collector();
      WebSocket socket =
          client
              .newWebSocketBuilder()
              .subprotocols("v4.channel.k8s.io")
              .buildAsync(URI.create("wss" + url.toString().substring(5)), collector)
              .get();
      pod.processes.take().exit(4);
      assertThat(collector.status.get()).contains("NonZeroExitCode");
      socket.abort();
    }
  }
}
