package io.crema.runtime.cgroup;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Cgroup} in v1 hierarchies. */
final class V1Cgroup implements Cgroup {
  private final V1Cgroups host;
  private final CgroupPath path;

  V1Cgroup(V1Cgroups host, CgroupPath path) {
    this.host = host;
    this.path = path;
  }

  @Override
  public CgroupPath path() {
    return path;
  }

  @Override
  public List<Path> joinFiles() {
    List<Path> out = new ArrayList<>();
    for (Directories hierarchy : host.v1()) {
      out.add(hierarchy.of(path).resolve("tasks"));
    }
    return out;
  }

  @Override
  public @Nullable Fd openForClone() throws IOException {
    Directories unified = host.unified();
    return unified == null ? null : host.files().openDirectory(unified.of(path));
  }

  @Override
  public List<Path> directories() {
    return host.all().stream().map(h -> h.of(path)).toList();
  }

  @Override
  public void add(int pid) throws IOException {
    for (Path directory : directories()) {
      host.files().write(directory.resolve("cgroup.procs"), Integer.toString(pid));
    }
  }

  @Override
  public void update(Resources change) throws IOException {
    checkSupported(change);
    limit(change, false);
  }

  void checkSupported(Resources r) {
    if (!r.unified().isEmpty()) {
      throw new IllegalArgumentException(
          "cgroup "
              + path
              + ": unified resources "
              + r.unified().keySet()
              + " need cgroup v2; this host's controllers are v1");
    }
  }

  void limit(Resources resources, boolean fresh) throws IOException {
    new V1Limits(this, fresh).apply(resources);
  }

  CgroupFiles files() {
    return host.files();
  }

  boolean limitsSwap() {
    return host.limitsSwap();
  }

  /** This group's directory for {@code controller}, or null where the host hasn't got that. */
  @Nullable Path directory(String controller) {
    Directories hierarchy = host.hierarchy(controller);
    return hierarchy == null ? null : hierarchy.of(path);
  }

  /** This group's directory in the v2 hierarchy, or null. */
  @Nullable Path unifiedDirectory() {
    Directories unified = host.unified();
    return unified == null ? null : unified.of(path);
  }

  @Override
  public Resources inForce() throws IOException {
    return V1Reader.inForce(this);
  }

  @Override
  public CgroupUsage usage() throws IOException {
    return V1Reader.usage(this);
  }

  @Override
  public CgroupStats stats() throws IOException {
    return V1Reader.stats(this);
  }

  @Override
  public long oomKills() throws IOException {
    Path memory = directory("memory");
    return memory == null
        ? 0
        : new Values(files(), memory).table("memory.oom_control").getOrDefault("oom_kill", 0L);
  }

  @Override
  public List<Integer> processes() throws IOException {
    Path any = host.v1().iterator().next().of(path);
    return new Values(files(), any).processes();
  }

  @Override
  public void kill() throws IOException {
    Path unified = unifiedDirectory();
    if (unified != null && files().exists(unified.resolve("cgroup.kill"))) {
      files().write(unified.resolve("cgroup.kill"), "1");
    }
    // also those that came into the v1 hierarchies only, and all on hosts without cgroup.kill
    for (Path directory : Tree.bottomUp(files(), host.v1().iterator().next().of(path))) {
      killV1(directory);
    }
  }

  /**
   * Kills what is in one v1 group. Frozen processes can't fork away; but where there is no freezer
   * or it is slow to act, forks are met by looking again.
   */
  private void killV1(Path directory) throws IOException {
    Values group = new Values(files(), directory);
    if (group.processes().isEmpty()) {
      return;
    }
    Path freezer = directory("freezer");
    boolean frozen = freezer != null && writeIfThere(freezer.resolve("freezer.state"), "FROZEN");
    try {
      Ending.killAll(group::processes);
    } finally {
      if (frozen && freezer != null) {
        writeIfThere(freezer.resolve("freezer.state"), "THAWED");
      }
    }
  }

  private boolean writeIfThere(Path file, String value) throws IOException {
    try {
      files().write(file, value);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENODEV)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void freeze() throws IOException {
    Path freezer = directory("freezer");
    if (freezer == null) {
      throw new IOException("cgroup " + path + ": this host has no freezer controller");
    }
    Ending.await(
        "cgroup " + path + " to freeze",
        () -> {
          // written again each time: a process that forks while being frozen undoes it
          files().write(freezer.resolve("freezer.state"), "FROZEN");
          return new Values(files(), freezer).text("freezer.state").equals("FROZEN");
        });
  }

  @Override
  public void thaw() throws IOException {
    Path freezer = directory("freezer");
    if (freezer != null) {
      files().write(freezer.resolve("freezer.state"), "THAWED");
    }
  }

  @Override
  public void remove(Duration patience) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    for (Directories hierarchy : host.all()) {
      Tree.remove(files(), hierarchy.of(path), path, deadline);
      hierarchy.removeParents(path);
    }
  }
}
