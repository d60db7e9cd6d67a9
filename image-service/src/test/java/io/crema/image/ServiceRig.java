package io.crema.image;

import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.image.rig.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** An image service in a directory, whose registries are test ones. */
final class ServiceRig implements AutoCloseable {
  private final Path certs;
  private final Path root;
  private final UnaryOperator<ImageServiceConfig> settings;
  private ImageService service;

  ServiceRig(Path directory) throws IOException {
    this(directory, c -> c);
  }

  ServiceRig(Path directory, UnaryOperator<ImageServiceConfig> settings) throws IOException {
    this.certs = Files.createDirectories(directory.resolve("certs.d"));
    this.root = directory.resolve("images");
    this.settings = settings;
    this.service = open();
  }

  private ImageService open() throws IOException {
    return ImageService.open(
        settings.apply(
            ImageServiceConfig.at(root)
                .withCertsDirs(List.of(certs))
                .withTimeouts(
                    Duration.ofSeconds(5), Duration.ofSeconds(20), Duration.ofSeconds(20), 1)));
  }

  /** Has {@code name} served by {@code hosts}, the last being the registry itself. */
  ServiceRig host(String name, TestRegistry... hosts) throws IOException {
    StringBuilder toml = new StringBuilder();
    toml.append("server = \"%s\"\n".formatted(hosts[hosts.length - 1].url()));
    for (int i = 0; i < hosts.length - 1; i++) {
      toml.append("[host.\"%s\"]\n".formatted(hosts[i].url()));
    }
    Files.writeString(
        Files.createDirectories(certs.resolve(name)).resolve("hosts.toml"), toml.toString());
    return this;
  }

  ImageService service() {
    return service;
  }

  PulledImage pull(String reference) throws PullException, InterruptedException {
    return service.pull(new PullRequest(reference, Credentials.NONE), ProgressListener.NONE);
  }

  /** Closes and opens the store, as a restart of the daemon does. */
  void restart() throws IOException {
    service.close();
    service = open();
  }

  /** Changes the store while no daemon has it. */
  interface Change {
    void to(Path root) throws IOException;
  }

  /** Restarts with something done to the files in between. */
  void restart(Change change) throws IOException {
    service.close();
    change.to(root);
    service = open();
  }

  Path root() {
    return root;
  }

  /** What is in one of the store's directories. */
  List<String> names(String directory) throws IOException {
    Path path = root.resolve(directory);
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  List<String> blobs() throws IOException {
    return names("blobs/sha256");
  }

  /** Unpacked layers, without the repairs of stacks. */
  List<String> layers() throws IOException {
    return names("layers").stream().filter(n -> !n.startsWith("fix-")).toList();
  }

  @Override
  public void close() {
    service.close();
  }
}
