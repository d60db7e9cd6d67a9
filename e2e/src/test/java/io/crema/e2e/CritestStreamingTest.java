package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** critest's streaming specs over WebSocket; {@link CritestTest} runs them over SPDY. */
@InNode
class CritestStreamingTest {

  @Test
  void passesOverWebSocketToo(Node node, Daemon daemon) throws IOException {
    String endpoint = "unix://" + daemon.socket();
    Command.Result result =
        Command.run(
            List.of(
                node.clients().resolve("critest").toString(),
                "-runtime-endpoint=" + endpoint,
                "-image-endpoint=" + endpoint,
                "-ginkgo.no-color",
                "-ginkgo.focus=streaming|portforward",
                "-websocket-exec",
                "-websocket-attach",
                "-websocket-portforward"),
            Map.of("TMPDIR", Files.createDirectories(daemon.directory().resolve("tmp")).toString()),
            Duration.ofMinutes(5));
    assertThat(result.status()).as("critest: %s", result).isZero();
    assertThat(result.out()).contains("5 Passed | 0 Failed");
  }
}
