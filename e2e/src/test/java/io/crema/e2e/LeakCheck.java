package io.crema.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a node has of everything that a runtime makes: mounts, namespaces, links, addresses, routes,
 * nftables rules, cgroups, processes and files; taken before and after, and compared.
 *
 * @param found for each kind the things of that kind, each with how many of it there are
 */
record LeakCheck(Map<String, Map<String, Integer>> found) {

  /** The kernel takes a network namespace, with its links, down in the background. */
  private static final Duration SETTLE = Duration.ofSeconds(10);

  /** Made by the JVM and by the test's own machinery wherever it runs. */
  private static final Pattern OURS =
      Pattern.compile("/tmp/(hsperfdata_|junit|surefire|jna|\\.java_pid).*");

  private static final Pattern VOLATILE =
      Pattern.compile(" (valid_lft|preferred_lft|expires) \\S+|^\\d+: ");

  private static final List<String> KINDS =
      List.of(
          "mount",
          "link",
          "address",
          "route",
          "rule",
          "nftables",
          "cgroup",
          "process",
          "namespace",
          "System V IPC",
          "file");

  /** What containerd leaves by design, for runs that check this check. */
  private static final Pattern CONTAINERDS =
      Pattern.compile(
          ".*(cni0|cni_hostport|cni_plugins|/cni/|10\\.88\\.|fe80::|ff00::|/containerd|k8s\\.io|/sys/fs/cgroup/.*/system\\.slice).*",
          Pattern.DOTALL);

  static LeakCheck of(Path directory, Node.Engine engine) {
    Map<String, Map<String, Integer>> found = new LinkedHashMap<>();
    found.put("mount", count(mounts()));
    found.put("link", count(output("ip", "-o", "link").map(l -> l.split(":")[1].strip())));
    found.put("address", count(output("ip", "-o", "address").map(LeakCheck::stable)));
    found.put(
        "route",
        count(
            Stream.concat(
                    output("ip", "-o", "-4", "route", "show", "table", "all"),
                    output("ip", "-o", "-6", "route", "show", "table", "all"))
                .map(LeakCheck::stable)));
    found.put("rule", count(output("ip", "-o", "rule").map(LeakCheck::stable)));
    found.put("nftables", count(output("nft", "list", "ruleset").map(String::strip)));
    found.put("cgroup", count(tree(Path.of("/sys/fs/cgroup"), true)));
    found.put("process", count(processes()));
    found.put("namespace", count(namespaces()));
    found.put(
        "System V IPC",
        count(Stream.of("shm", "sem", "msg").flatMap(k -> lines(Path.of("/proc/sysvipc", k)))));
    found.put(
        "file",
        count(
            Stream.of(
                    directory,
                    Path.of("/run"),
                    Path.of("/tmp"),
                    Path.of("/dev/shm"),
                    Path.of("/dev/mqueue"),
                    Path.of("/var/lib/crema"),
                    Path.of("/etc/crema"))
                .flatMap(d -> tree(d, false))
                .filter(f -> !OURS.matcher(f).matches())));
    if (engine == Node.Engine.CONTAINERD) {
      found
          .values()
          .forEach(things -> things.keySet().removeIf(t -> CONTAINERDS.matcher(t).matches()));
    }
    return new LeakCheck(found);
  }

  /**
   * Fails, with a readable difference, when the node isn't as it was; gives the kernel time to
   * finish.
   */
  void assertUnchanged(Path directory, Node.Engine engine) {
    List<String> difference = new ArrayList<>();
    try {
      Await.until(
          "the node is as before",
          SETTLE,
          () -> {
            difference.clear();
            difference.addAll(difference(of(directory, engine)));
            return difference.isEmpty();
          });
    } catch (AssertionError e) {
      throw new AssertionError(
          "the node is not as before:\n  " + String.join("\n  ", difference), e);
    }
  }

  /**
   * One line for each thing that is there more ({@code left}) or less ({@code gone}) often than
   * before.
   */
  List<String> difference(LeakCheck after) {
    List<String> lines = new ArrayList<>();
    found.forEach(
        (kind, before) -> {
          Map<String, Integer> now = after.found().getOrDefault(kind, Map.of());
          now.forEach(
              (thing, n) -> add(lines, "left", kind, thing, n - before.getOrDefault(thing, 0)));
          before.forEach(
              (thing, n) -> add(lines, "gone", kind, thing, n - now.getOrDefault(thing, 0)));
        });
    return lines;
  }

  private static void add(List<String> lines, String verb, String kind, String thing, int count) {
    if (count > 0) {
      lines.add(
          "%s: %s %s%s".formatted(verb, kind, thing, count > 1 ? " (" + count + " times)" : ""));
    }
  }

  private static Map<String, Integer> count(Stream<String> things) {
    Map<String, Integer> counts = new TreeMap<>();
    things.forEach(t -> counts.merge(t, 1, Integer::sum));
    return counts;
  }

  /**
   * Mounts without their ids: root, mount point, propagation's kind, type and source
   * (proc_pid_mountinfo(5)).
   */
  private static Stream<String> mounts() {
    return lines(Path.of("/proc/self/mountinfo"))
        .map(
            line -> {
              String[] halves = line.split(" - ");
              String[] first = halves[0].split(" ");
              return "%s from %s (%s)".formatted(first[4], first[3], halves[1]);
            });
  }

  private static Stream<String> processes() {
    Path self = Path.of("/proc", Long.toString(ProcessHandle.current().pid()));
    return pids()
        .filter(pid -> !pid.equals(self))
        .flatMap(
            pid -> {
              try {
                String command =
                    Files.readString(pid.resolve("cmdline")).replace('\0', ' ').strip();
                String comm = Files.readString(pid.resolve("comm")).strip();
                return Stream.of(
                    "%s %s"
                        .formatted(
                            pid.getFileName(), command.isEmpty() ? "[" + comm + "]" : command));
              } catch (IOException e) {
                return Stream.empty(); // ended while we looked
              }
            });
  }

  /**
   * Namespaces that a process is in or holds open; those that only a mount holds are among the
   * mounts.
   */
  private static Stream<String> namespaces() {
    return pids()
        .flatMap(pid -> Stream.of(pid.resolve("ns"), pid.resolve("fd")))
        .flatMap(
            directory -> {
              try (Stream<Path> links = Files.list(directory)) {
                return links.flatMap(LeakCheck::target).toList().stream();
              } catch (IOException e) {
                return Stream.empty(); // ended while we looked
              }
            })
        .filter(
            t -> t.matches("[a-z_]+:\\[\\d+]") && !t.startsWith("pipe") && !t.startsWith("socket"))
        .distinct();
  }

  private static Stream<String> target(Path link) {
    try {
      return Stream.of(Files.readSymbolicLink(link).toString());
    } catch (IOException e) {
      return Stream.empty(); // closed while we looked
    }
  }

  private static Stream<Path> pids() {
    try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
      return entries.filter(p -> p.getFileName().toString().matches("\\d+")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<String> tree(Path root, boolean directoriesOnly) {
    List<String> found = new ArrayList<>();
    if (Files.isDirectory(root)) {
      try {
        Files.walkFileTree(
            root,
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult preVisitDirectory(
                  Path directory, BasicFileAttributes attributes) {
                found.add(directory.toString());
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (!directoriesOnly) {
                  found.add(file.toString());
                }
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) { // removed while we looked
                  return FileVisitResult.CONTINUE;
                }
                throw e;
              }
            });
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found.stream();
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<String> output(String... command) {
    return Command.run(command).ok().lines();
  }

  private static String stable(String line) {
    return VOLATILE.matcher(line).replaceAll("").replaceAll("\\s+", " ").strip();
  }

  /** Keeps the finding for a later process. */
  void save(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    found.forEach(
        (kind, things) -> things.forEach((thing, n) -> lines.add(kind + "\t" + n + "\t" + thing)));
    Files.write(file, lines);
  }

  /** What {@link #save} kept. */
  static LeakCheck load(Path file) throws IOException {
    Map<String, Map<String, Integer>> found = new LinkedHashMap<>();
    for (String kind : KINDS) {
      found.put(kind, new TreeMap<>());
    }
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split("\t", 3);
      found
          .computeIfAbsent(parts[0], _ -> new TreeMap<>())
          .put(parts[2], Integer.parseInt(parts[1]));
    }
    return new LeakCheck(found);
  }
}
