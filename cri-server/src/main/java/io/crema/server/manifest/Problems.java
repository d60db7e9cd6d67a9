package io.crema.server.manifest;

import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong with one document, as {@code file:line: path: problem}. */
final class Problems {
  private final String file;
  private final LineIndex lines;
  private final List<String> all = new ArrayList<>();

  Problems(String file, LineIndex lines) {
    this.file = file;
    this.lines = lines;
  }

  /** {@code path} as {@code spec.containers[0].image}; it need not exist. */
  void add(String path, String problem) {
    all.add("%s:%d: %s: %s".formatted(file, lines.line(path), path, problem));
  }

  /** A value that must be there. */
  void required(String path) {
    add(path, "is required");
  }

  List<String> all() {
    return List.copyOf(all);
  }
}
