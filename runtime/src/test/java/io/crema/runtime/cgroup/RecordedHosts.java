package io.crema.runtime.cgroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Cgroup file systems as kernels show them, from the resources beside this class: a file there has
 * a directory's files as {@code ==> name <==} headings with their contents, as head(1) prints them.
 */
final class RecordedHosts {
  private static final String ALL = "cpuset cpu io memory hugetlb pids rdma misc dmem";

  private RecordedHosts() {}

  static Map<String, String> recorded(String resource) {
    Map<String, String> files = new TreeMap<>();
    String name = "";
    StringBuilder text = new StringBuilder();
    for (String line : read(resource).split("\n", -1)) {
      if (line.startsWith("==> ") && line.endsWith(" <==")) {
        files.put(name, text.toString().strip());
        name = line.substring(4, line.length() - 4);
        text.setLength(0);
      } else {
        text.append(line).append('\n');
      }
    }
    files.put(name, text.toString().strip());
    files.remove("");
    return files;
  }

  private static String read(String resource) {
    try (var in = RecordedHosts.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource " + resource);
      }
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The one hierarchy of a v2 host below {@code directory}; a new group has the files of those
   * controllers that its parent passes down, which is nothing until it is told to.
   */
  static RecordedFiles v2(Path directory) throws IOException {
    Map<String, String> all = recorded("v2-new-group.txt");
    Files.writeString(directory.resolve("cgroup.controllers"), ALL + "\n");
    Files.writeString(directory.resolve("cgroup.subtree_control"), "\n");
    Files.writeString(directory.resolve("cgroup.procs"), "1\n2\n");
    return new RecordedFiles(directory, made -> filesOf(made, all));
  }

  private static Map<String, String> filesOf(Path made, Map<String, String> all) {
    String passed;
    try {
      passed = Files.readString(made.normalize().resolveSibling("cgroup.subtree_control")).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    java.util.Set<String> controllers = java.util.Set.of(passed.split(" ", -1));
    Map<String, String> files = new LinkedHashMap<>();
    all.forEach(
        (name, content) -> {
          String controller = name.substring(0, name.indexOf('.'));
          boolean core = controller.equals("cgroup") || name.endsWith(".pressure");
          // cpu.stat is there without its controller, with the times only
          if (core || name.equals("cpu.stat") || controllers.contains(controller)) {
            files.put(name, content);
          }
        });
    files.put("cgroup.controllers", passed);
    return files;
  }
}
