package io.crema.runtime.cgroup;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the few formats that cgroup files are written in. */
final class Values {
  /** Larger numbers mean "no limit" on v1: PAGE_COUNTER_MAX of any page size is above. */
  private static final long V1_UNLIMITED = 1L << 62;

  private final CgroupFiles files;
  private final Path directory;

  Values(CgroupFiles files, Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /** A text without the line's end; empty when there is no such file. */
  String text(String file) throws IOException {
    String content = files.read(directory.resolve(file));
    return content == null ? "" : content.strip();
  }

  /** As {@link #text}, of a file that every group has: without it there is no group. */
  String present(String file) throws IOException {
    String content = files.read(directory.resolve(file));
    if (content == null) {
      throw new NoSuchFileException(directory.resolve(file).toString());
    }
    return content.strip();
  }

  /** A number; zero when there is no such file, UNLIMITED for {@code max} and v1's largest. */
  long number(String file) throws IOException {
    return parse(text(file));
  }

  /** The words of a file's single line. */
  List<String> words(String file) throws IOException {
    String text = text(file);
    return text.isEmpty() ? List.of() : List.of(text.split("\\s+", -1));
  }

  /** Lines of {@code key value}. */
  Map<String, Long> table(String file) throws IOException {
    Map<String, Long> out = new HashMap<>();
    for (String line : text(file).split("\n", -1)) {
      int space = line.indexOf(' ');
      if (space > 0) {
        out.put(line.substring(0, space), parse(line.substring(space + 1).strip()));
      }
    }
    return out;
  }

  /** Process ids, one a line; those of processes that this namespace can't see (0) left out. */
  List<Integer> processes() throws IOException {
    List<Integer> out = new ArrayList<>();
    for (String line : text("cgroup.procs").split("\n", -1)) {
      if (!line.isEmpty() && !line.equals("0")) {
        out.add(Integer.parseInt(line));
      }
    }
    return out;
  }

  /** Pressure stall information, or null when the kernel has none. */
  CgroupStats.@Nullable Pressure pressure(String file) throws IOException {
    CgroupStats.PressureLine some = null;
    CgroupStats.PressureLine full = null;
    for (String line : text(file).split("\n", -1)) {
      if (line.startsWith("some ")) {
        some = pressureLine(line);
      } else if (line.startsWith("full ")) {
        full = pressureLine(line);
      }
    }
    if (some == null) {
      return null;
    }
    return new CgroupStats.Pressure(some, full == null ? NO_PRESSURE : full);
  }

  private static final CgroupStats.PressureLine NO_PRESSURE =
      new CgroupStats.PressureLine(new CgroupStats.PressureLine.Averages(0, 0, 0), 0);

  private static CgroupStats.PressureLine pressureLine(String line) {
    Map<String, String> fields = fields(line);
    return new CgroupStats.PressureLine(
        new CgroupStats.PressureLine.Averages(
            Double.parseDouble(fields.getOrDefault("avg10", "0")),
            Double.parseDouble(fields.getOrDefault("avg60", "0")),
            Double.parseDouble(fields.getOrDefault("avg300", "0"))),
        parse(fields.getOrDefault("total", "0")));
  }

  /** The {@code key=value} words of a line. */
  static Map<String, String> fields(String line) {
    Map<String, String> out = new HashMap<>();
    for (String word : line.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        out.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return out;
  }

  static long parse(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    if (text.equals("max")) {
      return Resources.UNLIMITED;
    }
    try {
      long n = Long.parseLong(text);
      return n >= V1_UNLIMITED ? Resources.UNLIMITED : n;
    } catch (NumberFormatException e) {
      return 0; // counters that went below zero are printed as huge numbers by some kernels
    }
  }
}
