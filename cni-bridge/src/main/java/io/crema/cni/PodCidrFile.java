package io.crema.cni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The pod CIDR that the kubelet sent last: it sends it once, and the daemon may restart. */
final class PodCidrFile {
  private final Path file;

  PodCidrFile(Path stateDir) throws IOException {
    this.file = Files.createDirectories(stateDir).resolve("pod-cidr");
  }

  Optional<String> read() throws IOException {
    try {
      return Optional.of(Files.readString(file).strip()).filter(s -> !s.isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  void write(String cidrs) throws IOException {
    Path aside = file.resolveSibling("pod-cidr.tmp");
    Files.writeString(aside, cidrs + "\n");
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
