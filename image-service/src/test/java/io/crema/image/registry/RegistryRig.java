package io.crema.image.registry;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import io.crema.image.rig.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A client, and the hosts.toml that leads it to test registries. */
final class RegistryRig implements AutoCloseable {
  /** What references in these tests are of; it never exists. */
  static final String REGISTRY = "registry.example";

  private final Path certs;
  private final RegistryClient client;

  RegistryRig(Path directory) {
    this(directory, Duration.ofSeconds(20), Duration.ofSeconds(20));
  }

  RegistryRig(Path directory, Duration response, Duration stall) {
    certs = directory.resolve("certs.d");
    client =
        new RegistryClient(
            ImageServiceConfig.at(directory)
                .withCertsDirs(java.util.List.of(certs))
                .withTimeouts(Duration.ofSeconds(5), response, stall, 2));
  }

  /** Asks {@code hosts} one after the other, the last as the registry itself. */
  RegistryRig hosts(TestRegistry... hosts) throws IOException {
    StringBuilder toml = new StringBuilder();
    toml.append("server = \"%s\"\n".formatted(hosts[hosts.length - 1].url()));
    for (int i = 0; i < hosts.length - 1; i++) {
      toml.append("[host.\"%s\"]\n".formatted(hosts[i].url()));
    }
    return toml(toml.toString());
  }

  RegistryRig toml(String text) throws IOException {
    Files.writeString(Files.createDirectories(certs.resolve(REGISTRY)).resolve("hosts.toml"), text);
    return this;
  }

  Path directory() {
    return certs.resolve(REGISTRY);
  }

  RegistrySession session() throws PullException {
    return session(Credentials.NONE);
  }

  RegistrySession session(Credentials credentials) throws PullException {
    return client.session(Reference.parse(REGISTRY + "/team/app:1"), credentials);
  }

  @Override
  public void close() {
    client.close();
  }
}
