package io.crema.image.registry;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * Which hosts serve a registry: {@code certs.d/HOST/hosts.toml} in containerd's format
 * (docs/hosts.md), or Docker's certificate files in that directory, so that a node keeps its
 * configuration. Read anew for each pull.
 *
 * <p>Unlike containerd, which logs a hosts.toml that it can't read and goes on without it, this
 * fails the pull: a mistyped mirror must not send a node to the public registry.
 */
public final class HostsDirectory {
  private final List<Path> directories;

  /** The first of {@code directories} that knows a registry decides. */
  public HostsDirectory(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /** The hosts for {@code registry} ({@code host[:port]}), in the order in which to try them. */
  List<RegistryHost> of(String registry) throws PullException {
    for (Path directory : directories) {
      for (String name : names(registry)) {
        Path own = directory.resolve(name);
        if (Files.exists(own)) {
          return read(registry, own);
        }
      }
    }
    return List.of(RegistryHost.upstream(registry));
  }

  /**
   * As containerd: {@code _port_} where a colon can't be in a name, the plain form, the default.
   */
  private static List<String> names(String registry) {
    int colon = registry.lastIndexOf(':');
    if (colon <= 0) {
      return List.of(registry, "_default");
    }
    return List.of(
        registry.substring(0, colon) + "_" + registry.substring(colon + 1) + "_",
        registry,
        "_default");
  }

  private static List<RegistryHost> read(String registry, Path directory) throws PullException {
    Path file = directory.resolve("hosts.toml");
    try {
      byte[] text = Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
      return text.length == 0
          ? List.of(byCertificateFiles(registry, directory))
          : HostsToml.parse(registry, directory, text);
    } catch (JacksonException e) {
      throw new PullException.Invalid(file + ": " + e.getOriginalMessage(), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new PullException.Invalid(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Docker's layout (containerd's loadCertFiles): {@code *.crt} are authorities, {@code *.cert}
   * client certificates with the key beside them in {@code *.key} or in the same file.
   */
  private static RegistryHost byCertificateFiles(String registry, Path directory)
      throws IOException {
    List<Path> authorities = new ArrayList<>();
    List<RegistryHost.ClientFiles> clients = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> list = Files.list(directory)) {
      files = list.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      if (name.endsWith(".crt")) {
        authorities.add(file);
      } else if (name.endsWith(".cert")) {
        Path key = file.resolveSibling(name.substring(0, name.length() - 5) + ".key");
        clients.add(new RegistryHost.ClientFiles(file, Files.exists(key) ? key : file));
      }
    }
    boolean explicit = !authorities.isEmpty() || !clients.isEmpty();
    return RegistryHost.upstream(
        registry, new RegistryHost.Tls(false, authorities, clients), Map.of(), null, explicit);
  }
}
