package io.crema.runtime.launch;

import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_NODEV;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_NOEXEC;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_NOSUID;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_RDONLY;
import static io.crema.runtime.linux.Mounts.MOUNT_ATTR_STRICTATIME;

import io.crema.runtime.linux.Mounts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A container's mounts, in two acts: {@link #prepare} opens and makes what needs the host's view,
 * as detached mounts; {@link #attach} puts each in its place once the container's root is "/".
 */
final class MountSteps {
  private static final int TTY = 5; // the group that terminals belong to in all distributions
  private static final int KERNEL_FS = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

  private final PlanCalls calls;
  private final ContainerSpec spec;
  private final @Nullable UserNamespaceSpec user;
  private final Map<MountSpec, Arg> prepared = new HashMap<>();
  private final Map<MountSpec.Hierarchy, Arg> hierarchies = new HashMap<>();

  MountSteps(PlanCalls calls, ContainerSpec spec) {
    this.calls = calls;
    this.spec = spec;
    this.user = spec.user();
  }

  /** In words of the container: {@code mount /data (hostPath /srv/x)}. */
  private static String purpose(MountSpec mount) {
    String what =
        switch (mount) {
          case MountSpec.Bind b -> "hostPath " + b.hostPath();
          case MountSpec.Given g -> g.what();
          case MountSpec.Proc _ -> "proc";
          case MountSpec.Sysfs _ -> "sysfs";
          case MountSpec.Mqueue _ -> "mqueue";
          case MountSpec.Devpts _ -> "devpts";
          case MountSpec.Dev _, MountSpec.Tmpfs _ -> "tmpfs";
          case MountSpec.Cgroup2 _ -> "cgroup2";
          case MountSpec.Cgroup1 _ -> "cgroup";
        };
    return "mount " + mount.containerPath() + " (" + what + ")";
  }

  /** The root as a detached mount. */
  Arg prepareRoot(RootFs root) {
    return switch (root) {
      case RootFs.Overlay o -> {
        List<String> options = new ArrayList<>();
        o.lowers().forEach(l -> options.add("lowerdir+=" + l));
        options.add("upperdir=" + o.upper());
        options.add("workdir=" + o.work());
        options.add("index=off"); // layers are shared between mounts
        yield calls.newFileSystem("mount / (overlay)", "overlay", 0, options);
      }
      case RootFs.Directory d -> {
        String purpose = "mount / (" + d.path() + ")";
        Arg tree = calls.cloneTree(purpose, Set.of(), PlanCalls.CWD, d.path(), true);
        calls.setAttributes(purpose, Set.of(), tree, true, 0, Mounts.MS_PRIVATE, null);
        yield tree;
      }
    };
  }

  /** Opens sources of the host and makes what the host's user namespace must own. */
  void prepare() {
    for (MountSpec mount : spec.mounts()) {
      if (ofTheHost(mount)) {
        prepared.put(mount, kernel(mount));
        continue;
      }
      switch (mount) {
        case MountSpec.Bind b -> prepared.put(b, source(b));
        case MountSpec.Dev d ->
            prepared.put(
                d, DeviceSteps.make(calls, purpose(d), d, user == null ? null : user.map()));
        case MountSpec.Cgroup1 c ->
            c.hierarchies().forEach(h -> hierarchies.put(h, source(purpose(c), h, c.readonly())));
        case MountSpec.Given _,
            MountSpec.Proc _,
            MountSpec.Sysfs _,
            MountSpec.Mqueue _,
            MountSpec.Devpts _,
            MountSpec.Tmpfs _,
            MountSpec.Cgroup2 _ -> {} // made within the container's namespaces
      }
    }
  }

  /**
   * Whether {@code mount} shows a namespace that the container shares with the host, which only the
   * host's root may mount and not that of a user namespace.
   */
  private boolean ofTheHost(MountSpec mount) {
    if (user == null) {
      return false;
    }
    return switch (mount) {
      case MountSpec.Proc _ -> user.pids() == UserNamespaceSpec.Pids.HOST;
      case MountSpec.Sysfs _ -> !spec.joins().contains(Joined.NET);
      case MountSpec.Mqueue _ -> !spec.joins().contains(Joined.IPC);
      case MountSpec.Bind _,
          MountSpec.Given _,
          MountSpec.Devpts _,
          MountSpec.Dev _,
          MountSpec.Tmpfs _,
          MountSpec.Cgroup2 _,
          MountSpec.Cgroup1 _ ->
          false;
    };
  }

  /**
   * In the container's namespaces, but with the template still there: makes what the kernel lets
   * nobody in a user namespace mount unless there is such a one (see {@link
   * TemplateMountNamespace}).
   */
  void prepareRevealing() {
    for (MountSpec mount : spec.mounts()) {
      if ((mount instanceof MountSpec.Proc || mount instanceof MountSpec.Sysfs)
          && !prepared.containsKey(mount)) {
        prepared.put(mount, kernel(mount));
      }
    }
  }

  /** A new mount of proc, sysfs or mqueue. */
  private Arg kernel(MountSpec mount) {
    String purpose = purpose(mount);
    if (mount instanceof MountSpec.Sysfs s) {
      return make(purpose, "sysfs", KERNEL_FS | (s.readonly() ? MOUNT_ATTR_RDONLY : 0));
    }
    return make(purpose, mount instanceof MountSpec.Proc ? "proc" : "mqueue", KERNEL_FS);
  }

  /**
   * A copy taken in the host's mount namespace is a peer of what it is a copy of, if that is
   * shared: what its propagation shall be can be said before anybody sees it.
   */
  private Arg source(MountSpec.Bind b) {
    String purpose = purpose(b);
    Arg tree =
        calls.cloneTree(purpose + ": open the source", Set.of(), PlanCalls.CWD, b.hostPath(), true);
    int propagation =
        switch (b.propagation()) {
          case PRIVATE -> Mounts.MS_PRIVATE;
          case HOST_TO_CONTAINER -> Mounts.MS_SLAVE;
          case BIDIRECTIONAL -> 0; // as its source, which is shared
        };
    int attributes = b.attributes() | (b.readonly() ? MOUNT_ATTR_RDONLY : 0);
    if (propagation != 0) {
      // readonly that is not recursive is of the topmost mount only, propagation of all
      int all = b.recursiveReadOnly() ? attributes : 0;
      String what = purpose + (all == 0 ? ": set the propagation" : ": make all of it read-only");
      calls.setAttributes(what, Set.of(), tree, true, all, propagation, null);
    }
    if (attributes != 0 && !b.recursiveReadOnly()) {
      String what = purpose + (b.readonly() ? ": make it read-only" : ": set its attributes");
      calls.setAttributes(what, Set.of(), tree, false, attributes, 0, null);
    }
    if (b.idMapped()) {
      calls.mapIds(purpose + ": map the ids of its files", tree);
    }
    return tree;
  }

  private Arg source(String purpose, MountSpec.Hierarchy h, boolean readonly) {
    String what = purpose + ": show " + h.hostPath() + " as " + h.name();
    Arg tree = calls.cloneTree(what, Set.of(), PlanCalls.CWD, h.hostPath(), false);
    int attributes = KERNEL_FS | (readonly ? MOUNT_ATTR_RDONLY : 0);
    calls.setAttributes(what, Set.of(), tree, false, attributes, Mounts.MS_PRIVATE, null);
    return tree;
  }

  /** Puts {@code mount} where it belongs. */
  void attach(MountSpec mount, ContainerPaths paths) {
    String purpose = purpose(mount);
    switch (mount) {
      case MountSpec.Bind b -> {
        Arg target =
            b.directory()
                ? paths.directory(purpose, b.containerPath())
                : paths.file(purpose, b.containerPath());
        calls.attach(purpose, Set.of(), prepared(b), target);
        paths.foreign(b.containerPath());
      }
      case MountSpec.Given g -> {
        Arg target = paths.directory(purpose, g.containerPath());
        calls.attach(purpose, Set.of(), calls.plan().slot(g.slot()), target);
        paths.foreign(g.containerPath());
      }
      case MountSpec.Proc _, MountSpec.Sysfs _, MountSpec.Mqueue _ ->
          own(mount, prepared.containsKey(mount) ? prepared(mount) : kernel(mount), paths);
      case MountSpec.Devpts d -> {
        List<String> options = new ArrayList<>(List.of("ptmxmode=0666", "mode=0620"));
        if (user == null || user.map().gids() > TTY) {
          options.add("gid=" + TTY);
        }
        int attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
        own(d, make(purpose, "devpts", attributes, options.toArray(String[]::new)), paths);
      }
      case MountSpec.Dev d -> {
        DeviceSteps.link(calls, d, prepared(d));
        own(d, prepared(d), paths);
      }
      case MountSpec.Tmpfs t -> {
        List<String> options = new ArrayList<>(List.of("mode=" + t.mode()));
        if (!t.size().isEmpty()) {
          options.add("size=" + t.size());
        }
        own(t, make(purpose, "tmpfs", t.attributes(), options.toArray(String[]::new)), paths);
      }
      case MountSpec.Cgroup2 c -> {
        int attributes = KERNEL_FS | (c.readonly() ? MOUNT_ATTR_RDONLY : 0);
        own(c, make(purpose, "cgroup2", attributes), paths);
      }
      case MountSpec.Cgroup1 c -> {
        Arg tmpfs = make(purpose, "tmpfs", KERNEL_FS | MOUNT_ATTR_STRICTATIME, "mode=755");
        own(c, tmpfs, paths);
        for (MountSpec.Hierarchy h : c.hierarchies()) {
          String what = purpose + ": " + h.name();
          calls.makeDirectory(what, Set.of(), tmpfs, h.name(), 0755);
          calls.attachAt(
              what, Set.of(), Objects.requireNonNull(hierarchies.get(h)), tmpfs, h.name());
          h.links().forEach(link -> calls.link(what, h.name(), tmpfs, link));
        }
        if (c.readonly()) {
          String what = purpose + ": make it read-only";
          calls.setAttributes(what, Set.of(), tmpfs, false, MOUNT_ATTR_RDONLY, 0, null);
        }
      }
    }
  }

  private Arg prepared(MountSpec mount) {
    return Objects.requireNonNull(prepared.get(mount), mount::toString);
  }

  private Arg make(String purpose, String type, int attributes, String... options) {
    return calls.newFileSystem(purpose, type, attributes, List.of(options));
  }

  private void own(MountSpec mount, Arg tree, ContainerPaths paths) {
    String purpose = purpose(mount);
    Arg target =
        mount instanceof MountSpec.Tmpfs
            ? paths.directory(purpose, mount.containerPath())
            // a link would put proc where it guards nothing (CVE-2019-19921)
            : paths.plainDirectory(purpose, mount.containerPath());
    calls.attach(purpose, Set.of(), tree, target);
    paths.covered(mount.containerPath(), tree);
  }
}
