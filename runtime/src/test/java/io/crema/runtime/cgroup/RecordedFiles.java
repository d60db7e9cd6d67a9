package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cgroup file system of plain files: a new directory gets the files that {@code fill} says, as
 * the kernel would put them there, and writes are remembered in order.
 */
final class RecordedFiles implements CgroupFiles {
  final List<String> writes = new ArrayList<>();
  final Set<Path> marked = new HashSet<>();
  final Path root;
  private final Function<Path, Map<String, String>> fill;
  byte[] program = new byte[0];

  private final Set<String> missing = new HashSet<>();
  private @Nullable String type;

  /** Refuses writes of which {@code file value} begins so. */
  final Map<String, Errno> refused = new HashMap<>();

  RecordedFiles(Path root, Function<Path, Map<String, String>> fill) {
    this.root = root;
    this.fill = fill;
  }

  /** New directories don't have {@code file}: an older kernel. */
  void without(String file) {
    missing.add(file);
  }

  /** New directories have this in cgroup.type. */
  void types(String content) {
    type = content;
  }

  private static ErrnoException error(String call, Path file, Errno errno) {
    return new ErrnoException(call, file.toString(), errno.number());
  }

  @Override
  public boolean makeDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return false;
    }
    try {
      Files.createDirectory(directory);
    } catch (NoSuchFileException e) {
      throw error("mkdirat", directory, Errno.ENOENT);
    }
    fill(directory);
    if (type != null) {
      Files.writeString(directory.resolve("cgroup.type"), type + "\n");
    }
    return true;
  }

  /** Puts the files there that the kernel does and that aren't there yet. */
  private void fill(Path directory) throws IOException {
    for (Map.Entry<String, String> file : fill.apply(directory).entrySet()) {
      Path path = directory.resolve(file.getKey());
      boolean changes = file.getKey().equals("cgroup.controllers");
      if (!missing.contains(file.getKey()) && (changes || !Files.exists(path))) {
        Files.writeString(path, file.getValue() + "\n");
      }
    }
  }

  @Override
  public boolean removeDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    Path procs = directory.resolve("cgroup.procs");
    if (!subgroups(directory).isEmpty()
        || (Files.exists(procs) && !Files.readString(procs).isBlank())) {
      throw error("unlinkat", directory, Errno.EBUSY);
    }
    try (Stream<Path> files = Files.list(directory)) {
      files.forEach(
          f -> {
            try {
              Files.delete(f);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    Files.delete(directory);
    return true;
  }

  @Override
  public boolean exists(Path file) {
    return Files.exists(file);
  }

  @Override
  public @Nullable String read(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file) : null;
  }

  @Override
  public void write(Path file, String value) throws IOException {
    String line = root.relativize(file) + " " + value;
    for (Map.Entry<String, Errno> r : refused.entrySet()) {
      if (line.startsWith(r.getKey())) {
        throw error("write", file, r.getValue());
      }
    }
    if (!Files.exists(file)) {
      throw error("openat", file, Errno.ENOENT);
    }
    writes.add(line);
    if (!file.endsWith("cgroup.subtree_control")) {
      Files.writeString(file, value + "\n");
      return;
    }
    // what is passed down appears below at once
    Files.writeString(
        file, (Files.readString(file).strip() + " " + value.replace("+", "")).strip());
    for (Path group : subgroups(file.resolveSibling("."))) {
      fill(group);
    }
  }

  @Override
  public List<Path> subgroups(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isDirectory).toList();
    }
  }

  @Override
  public boolean mark(Path directory) {
    return marked.add(directory);
  }

  @Override
  public boolean isMarked(Path directory) {
    return marked.contains(directory);
  }

  @Override
  public Fd openDirectory(Path directory) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void attachDeviceProgram(Path directory, byte[] instructions) {
    program = instructions;
  }
}
