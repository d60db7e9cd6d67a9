package io.crema.runtime.cgroup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@link Cgroups} of a host with v1 controllers, with or without a v2 hierarchy beside them. */
final class V1Cgroups implements Cgroups {
  private final CgroupFiles files;

  /** By controller; several controllers may share one. */
  private final Map<String, Directories> hierarchies = new LinkedHashMap<>();

  private final @Nullable Directories unified;
  private final boolean limitsSwap;

  V1Cgroups(CgroupFiles files, Map<String, Path> mounts, @Nullable Path unified)
      throws IOException {
    this.files = files;
    Map<Path, Directories> byRoot = new LinkedHashMap<>();
    Path cpuset = mounts.get("cpuset");
    for (Map.Entry<String, Path> mount : mounts.entrySet()) {
      Path root = mount.getValue();
      hierarchies.put(
          mount.getKey(),
          byRoot.computeIfAbsent(
              root,
              r ->
                  new Directories(
                      files,
                      r,
                      r.equals(cpuset) ? this::inheritCpuset : (parent, directory) -> {})));
    }
    this.unified =
        unified == null ? null : new Directories(files, unified, (parent, directory) -> {});
    Path memory = mounts.get("memory");
    this.limitsSwap = memory != null && files.exists(memory.resolve("memory.memsw.limit_in_bytes"));
  }

  @Override
  public Layout layout() {
    return unified == null ? Layout.V1 : Layout.HYBRID;
  }

  @Override
  public Set<String> controllers() {
    Set<String> out = new HashSet<>();
    for (String name : hierarchies.keySet()) {
      if (!name.startsWith("name=")) {
        out.add(name.equals("blkio") ? "io" : name);
      }
    }
    return Set.copyOf(out);
  }

  @Override
  public boolean limitsSwap() {
    return limitsSwap;
  }

  @Override
  public Cgroup create(CgroupPath path, Resources resources) throws IOException {
    V1Cgroup group = new V1Cgroup(this, path);
    group.checkSupported(resources);
    List<Directories> made = new ArrayList<>();
    try {
      for (Directories hierarchy : all()) {
        hierarchy.make(path);
        made.add(hierarchy);
      }
      group.limit(resources, true);
      return group;
    } catch (IOException | RuntimeException e) {
      for (Directories hierarchy : made.reversed()) {
        try {
          files.removeDirectory(hierarchy.of(path));
          hierarchy.removeParents(path);
        } catch (IOException undo) {
          e.addSuppressed(undo);
        }
      }
      throw e;
    }
  }

  @Override
  public Cgroup open(CgroupPath path) {
    return new V1Cgroup(this, path);
  }

  CgroupFiles files() {
    return files;
  }

  /** Where {@code controller} is, or null. */
  @Nullable Directories hierarchy(String controller) {
    return hierarchies.get(controller);
  }

  /** The v1 hierarchies, each once. */
  Collection<Directories> v1() {
    return new LinkedHashSet<>(hierarchies.values());
  }

  @Nullable Directories unified() {
    return unified;
  }

  /** All hierarchies, each once. */
  List<Directories> all() {
    List<Directories> out = new ArrayList<>(v1());
    if (unified != null) {
      out.add(unified);
    }
    return out;
  }

  /** A new cpuset has no CPUs and no memory, and takes no process until it has (cpuset(7)). */
  private void inheritCpuset(Path parent, Path directory) throws IOException {
    for (String file : List.of("cpuset.cpus", "cpuset.mems")) {
      Values own = new Values(files, directory);
      if (own.text(file).isEmpty()) {
        files.write(directory.resolve(file), new Values(files, parent).text(file));
      }
    }
  }
}
