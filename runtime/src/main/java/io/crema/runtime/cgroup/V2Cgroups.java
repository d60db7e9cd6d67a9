package io.crema.runtime.cgroup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@link Cgroups} of a host with one hierarchy. */
final class V2Cgroups implements Cgroups {
  /** Those that are passed down; others (rdma, misc, dmem) limit nothing that is asked for. */
  private static final Set<String> WANTED =
      Set.of("cpu", "cpuset", "memory", "pids", "io", "hugetlb");

  private static final String SUBTREE_CONTROL = "cgroup.subtree_control";

  private final CgroupFiles files;
  private final Directories directories;
  private final Set<String> controllers;

  V2Cgroups(CgroupFiles files, Path root) throws IOException {
    this.files = files;
    this.directories = new Directories(files, root, this::passDown);
    Set<String> available = new HashSet<>(new Values(files, root).words("cgroup.controllers"));
    available.retainAll(WANTED);
    // devices and freezer are no controllers on v2 but always there
    available.add("devices");
    available.add("freezer");
    this.controllers = Set.copyOf(available);
  }

  @Override
  public Layout layout() {
    return Layout.V2;
  }

  @Override
  public Set<String> controllers() {
    return controllers;
  }

  /** The root has no memory.swap.max to look for; the kernel has it unless booted without. */
  @Override
  public boolean limitsSwap() {
    return controllers.contains("memory");
  }

  @Override
  public Cgroup create(CgroupPath path, Resources resources) throws IOException {
    V2Cgroup group = new V2Cgroup(files, directories, path);
    directories.make(path);
    try {
      String type = new Values(files, directories.of(path)).text("cgroup.type");
      if (!type.equals("domain")) {
        throw new IOException(
            "cgroup "
                + path
                + " is \""
                + type
                + "\": processes or threaded groups above it forbid limits (cgroups(7), thread"
                + " mode)");
      }
      group.update(resources);
      return group;
    } catch (IOException | RuntimeException e) {
      try {
        files.removeDirectory(directories.of(path));
        directories.removeParents(path);
      } catch (IOException undo) {
        e.addSuppressed(undo);
      }
      throw e;
    }
  }

  @Override
  public Cgroup open(CgroupPath path) {
    return new V2Cgroup(files, directories, path);
  }

  /** Has {@code parent} pass its controllers down. */
  private void passDown(Path parent, Path child) throws IOException {
    Values v = new Values(files, parent);
    List<String> missing = new ArrayList<>(v.words("cgroup.controllers"));
    missing.retainAll(WANTED);
    missing.removeAll(v.words(SUBTREE_CONTROL));
    if (missing.isEmpty()) {
      return;
    }
    try {
      files.write(parent.resolve(SUBTREE_CONTROL), "+" + String.join(" +", missing));
    } catch (IOException all) {
      for (String one : missing) {
        try {
          files.write(parent.resolve(SUBTREE_CONTROL), "+" + one);
        } catch (IOException e) {
          // Not every one can be had everywhere (cpu with realtime processes about, say). That
          // matters only if a limit needs it, and then its file is missing, which is reported.
          System.getLogger("io.crema.runtime.cgroup")
              .log(System.Logger.Level.DEBUG, "controller {0} isn''t passed down: {1}", one, e);
        }
      }
    }
  }
}
