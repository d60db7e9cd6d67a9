package io.crema.runtime.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where cgroup hierarchies are mounted (proc_pid_mountinfo(5)).
 *
 * @param v1 mount points by controller; a named hierarchy is {@code name=systemd}
 * @param v2 the unified hierarchy's mount point
 */
record CgroupMounts(Map<String, Path> v1, @Nullable Path v2) {
  /** The controllers that a container is joined to; others (net_cls, perf_event, rdma) stay. */
  private static final Set<String> WANTED =
      Set.of(
          "cpu",
          "cpuacct",
          "cpuset",
          "memory",
          "devices",
          "freezer",
          "blkio",
          "pids",
          "hugetlb",
          "name=systemd");

  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  static CgroupMounts read(Path root) throws IOException {
    return parse(Files.readString(root.resolve("proc/self/mountinfo")), root);
  }

  static CgroupMounts parse(String mountinfo, Path root) {
    Map<String, Path> v1 = new LinkedHashMap<>();
    Path v2 = null;
    for (String line : mountinfo.split("\n", -1)) {
      String[] halves = line.split(" - ", 2);
      String[] left = halves[0].split(" ", -1);
      if (halves.length < 2 || left.length < 5) {
        continue;
      }
      String[] right = halves[1].split(" ", 3);
      Path place = root.resolve(unescape(left[4]).substring(1));
      switch (right[0]) {
        // the first wins: a hierarchy bound to a second place is the same one
        case "cgroup2" -> v2 = v2 == null ? place : v2;
        case "cgroup" -> {
          for (String option : right.length < 3 ? new String[0] : right[2].split(",", -1)) {
            if (WANTED.contains(option)) {
              v1.putIfAbsent(option, place);
            }
          }
        }
        default -> {
          // not a cgroup
        }
      }
    }
    return new CgroupMounts(v1, v2);
  }

  /** The driver for what is mounted. */
  Cgroups open(CgroupFiles files) throws IOException {
    Set<String> controllers = new HashSet<>(v1.keySet());
    controllers.removeIf(c -> c.startsWith("name="));
    if (!controllers.isEmpty()) {
      return new V1Cgroups(files, v1, v2);
    }
    if (v2 == null) {
      throw new IOException(
          "no cgroup hierarchy is mounted on this host: /proc/self/mountinfo has neither a cgroup2"
              + " nor a cgroup file system with controllers");
    }
    return new V2Cgroups(files, v2);
  }

  private static String unescape(String place) {
    return OCTAL
        .matcher(place)
        .replaceAll((MatchResult m) -> String.valueOf((char) Integer.parseInt(m.group(1), 8)));
  }
}
