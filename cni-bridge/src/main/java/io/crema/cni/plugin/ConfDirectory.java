package io.crema.cni.plugin;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** A directory of network configurations, of which the first in lexical order counts. */
public final class ConfDirectory {
  private final Path dir;

  public ConfDirectory(Path dir) {
    this.dir = dir;
  }

  /**
   * The network; empty when the directory has no configuration or isn't there.
   *
   * @throws IllegalArgumentException if the first file can't be taken: which and why
   */
  public Optional<NetworkList> load() throws IOException {
    List<Path> files = files(dir, List.of(".conflist", ".conf", ".json"));
    return files.isEmpty() ? Optional.empty() : Optional.of(read(files.getFirst()));
  }

  private NetworkList read(Path file) throws IOException {
    String source = file.toString();
    String text = Files.readString(file);
    try {
      if (!source.endsWith(".conflist")) {
        return NetworkList.ofPlugin(source, text);
      }
      List<ObjectNode> more = new ArrayList<>();
      for (Path each : files(dir.resolve(NetworkList.nameOf(text)), List.of(".conf"))) {
        source = each.toString();
        more.add(NetworkList.object(Files.readString(each)));
      }
      source = file.toString();
      return NetworkList.ofList(source, text, more);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("CNI configuration " + source + ": " + e.getMessage(), e);
    }
  }

  private static List<Path> files(Path dir, List<String> endings) throws IOException {
    List<Path> out = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(dir)) {
      for (Path file : all) {
        String name = file.getFileName().toString();
        if (endings.stream().anyMatch(name::endsWith) && Files.isRegularFile(file)) {
          out.add(file);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    out.sort(null);
    return out;
  }

  @Override
  public String toString() {
    return dir.toString();
  }
}
