package io.crema.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** containerd's configuration, from the same templates that {@code e2e/node} uses. */
final class Containerd {

  private Containerd() {}

  static Path configure(Node node, Path directory, Path run, Path socket) throws IOException {
    Path templates = node.checkout().resolve("e2e/containerd");
    Path cni = Files.createDirectories(directory.resolve("cni.d"));
    Files.copy(templates.resolve("10-bridge.conflist"), cni.resolve("10-bridge.conflist"));
    String config =
        Files.readString(templates.resolve("config.toml.in"))
            .replace("@DIR@/run", run.resolve("state").toString())
            .replace("@DIR@/containerd.sock", socket.toString())
            .replace("@DIR@", directory.toString())
            .replace("@BIN@", node.peers().toString());
    return Files.writeString(directory.resolve("config.toml"), config);
  }
}
