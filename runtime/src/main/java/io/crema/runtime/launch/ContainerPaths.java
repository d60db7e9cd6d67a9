package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds and makes places in a container's root, by descriptors.
 *
 * <p>Names in the image are hostile: they are resolved by openat2(2) from the root's descriptor,
 * after that root has become the process's own and nothing of the host is left below or beside it
 * (see {@link PlanCalls#openBelow}). Names in a file system that this very launch has mounted and
 * filled (proc, sysfs, /dev) are looked up in it without following links at all.
 */
final class ContainerPaths {
  private static final int DIRECTORY = Paths.O_PATH | Paths.directoryFlag();
  private static final Set<Errno> EXISTS = Set.of(Errno.EEXIST);

  private final PlanCalls calls;
  private final Arg root;
  private final TreeMap<String, Arg> own = new TreeMap<>();

  ContainerPaths(PlanCalls calls, Arg root) {
    this.calls = calls;
    this.root = root;
  }

  /** The root's descriptor. */
  Arg root() {
    return root;
  }

  /** Says that {@code mount}, which the launch has made, is what {@code path} shows from now on. */
  void covered(String path, Arg mount) {
    foreign(path);
    own.put(clean(path), mount);
  }

  /** Says that something not made by this launch covers {@code path} from now on. */
  void foreign(String path) {
    String p = clean(path);
    own.keySet().removeIf(k -> k.equals(p) || k.startsWith(p + "/"));
  }

  /** The launch's own mount at {@code path}, or null. */
  @Nullable Arg ownMount(String path) {
    return own.get(clean(path));
  }

  /** A descriptor (O_PATH) of the directory {@code path}, which is made when missing. */
  Arg directory(String purpose, String path) {
    Base base = base(path);
    Arg at = base.fd;
    String walked = "";
    for (String part : base.rest) {
      walked = walked.isEmpty() ? part : walked + "/" + part;
      String there = base.path + "/" + walked;
      calls.makeDirectory(purpose + ": make " + there, EXISTS, at, part, 0755);
      at = open(purpose + ": find " + there, Set.of(), base, walked, DIRECTORY);
    }
    return at;
  }

  /** As {@link #directory}, but a link in the last place is an error (ELOOP). */
  Arg plainDirectory(String purpose, String path) {
    String p = clean(path);
    int slash = p.lastIndexOf('/');
    String name = p.substring(slash + 1);
    Arg parent = directory(purpose, p.substring(0, slash));
    calls.makeDirectory(purpose + ": make " + p, EXISTS, parent, name, 0755);
    return calls.openBelow(purpose + ": find " + p, Set.of(), parent, name, DIRECTORY, false);
  }

  /** A descriptor (O_PATH) of {@code path}, which is made as an empty file when missing. */
  Arg file(String purpose, String path) {
    String p = clean(path);
    int slash = p.lastIndexOf('/');
    Arg parent = directory(purpose, p.substring(0, slash));
    calls.makeNode(
        purpose + ": make the file " + p,
        EXISTS,
        parent,
        p.substring(slash + 1),
        Paths.S_IFREG | 0644,
        0);
    Base base = base(p);
    return open(purpose + ": find " + p, Set.of(), base, String.join("/", base.rest), Paths.O_PATH);
  }

  /** A descriptor (O_PATH) of what is at {@code path}; fails with one of {@code tolerated}. */
  Arg.Result existing(String purpose, Set<Errno> tolerated, String path, boolean directory) {
    Base base = base(path);
    return open(
        purpose,
        tolerated,
        base,
        base.rest.isEmpty() ? "." : String.join("/", base.rest),
        directory ? DIRECTORY : Paths.O_PATH);
  }

  private Arg.Result open(
      String purpose, Set<Errno> tolerated, Base base, String below, int flags) {
    return calls.openBelow(purpose, tolerated, base.fd, below, flags, base.path.isEmpty());
  }

  /** Where a walk to a path starts: the innermost mount of the launch's own above it. */
  private record Base(String path, Arg fd, List<String> rest) {}

  private Base base(String path) {
    String p = clean(path);
    for (Map.Entry<String, Arg> e : own.descendingMap().entrySet()) {
      String mount = e.getKey();
      if (p.equals(mount) || p.startsWith(mount + "/")) {
        return new Base(mount, e.getValue(), parts(p.substring(mount.length())));
      }
    }
    return new Base("", root, parts(p));
  }

  private static List<String> parts(String path) {
    List<String> parts = new ArrayList<>();
    for (String part : path.split("/", -1)) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    return parts;
  }

  /** Without empty and "." parts; ".." is taken as text does, as the CRI's clients mean it. */
  static String clean(String path) {
    List<String> out = new ArrayList<>();
    for (String part : parts(path)) {
      switch (part) {
        case "." -> {}
        case ".." -> {
          if (!out.isEmpty()) {
            out.removeLast();
          }
        }
        default -> out.add(part);
      }
    }
    return out.isEmpty() ? "" : "/" + String.join("/", out);
  }
}
