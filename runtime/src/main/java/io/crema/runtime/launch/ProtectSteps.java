package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Mounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Read-only and masked paths. What isn't there is passed over: its descriptor is a negative number,
 * with which the steps that follow fail with EBADF, which they tolerate.
 */
final class ProtectSteps {
  private static final Set<Errno> MISSING = Set.of(Errno.ENOENT, Errno.ENOTDIR);
  private static final Set<Errno> ABSENT = PlanCalls.ABSENT;

  /** What the kernel's own entries are, so that one try is enough; others are tried as both. */
  private static final Set<String> FILES =
      Set.of(
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/interrupts");

  private static final Set<String> DIRECTORIES =
      Set.of(
          "/proc/asound",
          "/proc/acpi",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  private final PlanCalls calls;
  private final Map<String, List<Arg>> covers = new java.util.HashMap<>();

  ProtectSteps(PlanCalls calls) {
    this.calls = calls;
  }

  /**
   * Takes the covers of {@code masked} from the template, while its root is "/": copies of a null
   * device and of an empty directory that no container can write to or replace (CVE-2025-31133).
   */
  void prepare(List<String> masked) {
    for (String path : masked) {
      List<Arg> both = new ArrayList<>();
      if (!FILES.contains(path)) {
        both.add(cover(path, TemplateMountNamespace.EMPTY_DIRECTORY));
      }
      if (!DIRECTORIES.contains(path)) {
        both.add(cover(path, TemplateMountNamespace.NULL_DEVICE));
      }
      covers.put(path, both);
    }
  }

  private Arg cover(String path, String source) {
    return calls.cloneTree("mask " + path, Set.of(), PlanCalls.CWD, source, false);
  }

  /** Covers {@code path}. */
  void mask(String path, ContainerPaths paths) {
    String purpose = "mask " + path;
    List<Arg> cover = covers.getOrDefault(path, List.of());
    if (cover.size() == 1) {
      Arg at = paths.existing(purpose, MISSING, path, DIRECTORIES.contains(path));
      calls.attach(purpose, ABSENT, cover.getFirst(), at);
      return;
    }
    Arg directory = paths.existing(purpose + " if it is a directory", MISSING, path, true);
    calls.attach(purpose, ABSENT, cover.get(0), directory);
    Arg any = paths.existing(purpose + " if it is a file", MISSING, path, false);
    // EINVAL: it is a directory, and covered already
    calls.attach(purpose, Set.of(Errno.EBADF, Errno.EINVAL), cover.get(1), any);
    // fails unless there is a mount by now: nothing stays unmasked unnoticed
    Arg covered = paths.existing(purpose + ": check", MISSING, path, false);
    calls.setAttributes(
        purpose + ": check", ABSENT, covered, false, Mounts.MOUNT_ATTR_RDONLY, 0, null);
  }

  /** Makes {@code path} and what is mounted below it read-only. */
  void readonly(String path, ContainerPaths paths) {
    String purpose = "make " + path + " read-only";
    Arg at = paths.existing(purpose, MISSING, path, false);
    Arg copy = calls.cloneTree(purpose, ABSENT, at, true);
    calls.setAttributes(purpose, ABSENT, copy, true, Mounts.MOUNT_ATTR_RDONLY, 0, null);
    calls.attach(purpose, ABSENT, copy, at);
    paths.foreign(path);
  }
}
