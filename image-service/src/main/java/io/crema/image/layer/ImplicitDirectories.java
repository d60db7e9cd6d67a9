package io.crema.image.layer;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Repairs what unpacking a layer without its parents can't know: a directory that a layer has no
 * entry for keeps the attributes that a layer below gave it, for instance {@code /tmp} its 1777.
 * The repair is a small tree of directories only, laid on top of the stack, so that layers
 * themselves stay independent of what they lie on and are shared by every image that has them.
 */
public final class ImplicitDirectories implements AutoCloseable {
  private static final int INSIDE = Paths.RESOLVE_BENEATH | Paths.RESOLVE_NO_SYMLINKS;
  private static final String OPAQUE = "trusted.overlay.opaque";

  private final Paths paths = Paths.linux();

  /** Top first. */
  private final List<Layer> layers = new ArrayList<>();

  /** One layer of the stack. */
  private record Layer(Fd root, LayerInfo info) {}

  /** A layer's unpacked tree and what is known of it. */
  public record Unpacked(Path tree, LayerInfo info) {}

  /** Opens the stack, given bottom first. */
  public ImplicitDirectories(List<Unpacked> bottomFirst) throws IOException {
    try {
      for (Unpacked u : bottomFirst.reversed()) {
        layers.add(
            new Layer(
                paths.open(u.tree().toString(), Paths.O_RDONLY | Paths.directoryFlag(), 0),
                u.info()));
        if (u.info().rootOpaque()) {
          break;
        }
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** What a directory shows in the merged view. */
  private record Effective(Paths.Stat stat, boolean repair) {}

  /**
   * Writes the repair into {@code tree}, an empty directory.
   *
   * @return number of directories written; 0 when the stack is right as it is
   */
  public int writeTo(Path tree) throws IOException {
    TreeSet<String> wanted = new TreeSet<>();
    for (Layer l : layers) {
      for (String path : l.info().implicit()) {
        Effective e = effective(path);
        if (e != null && e.repair()) {
          for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            wanted.add(path.substring(0, slash));
          }
          wanted.add(path);
        }
      }
    }
    try (Fd root = paths.open(tree.toString(), Paths.O_RDONLY | Paths.directoryFlag(), 0)) {
      for (String path : wanted) { // parents sort before what lies in them
        paths.mkdirAt(root, path, 0700);
      }
      for (String path : wanted.descendingSet()) {
        Effective e = effective(path);
        if (e != null) {
          paths.fchownAt(root, path, e.stat().uid(), e.stat().gid(), Paths.AT_SYMLINK_NOFOLLOW);
          paths.fchmodAt(root, path, e.stat().mode() & 07777);
          paths.setTimes(root, path, e.stat().mtimeSeconds(), e.stat().mtimeNanos());
        }
      }
    }
    return wanted.size();
  }

  /** Follows overlayfs's merging for one directory; null when it isn't visible. */
  private @Nullable Effective effective(String path) throws IOException {
    Paths.Stat implicit = null;
    for (Layer l : layers) {
      Seen seen = look(l.root(), path);
      if (seen.stat() != null) {
        if (!l.info().implicit().contains(path)) {
          return new Effective(seen.stat(), implicit != null);
        }
        implicit = implicit == null ? seen.stat() : implicit;
      }
      if (seen.hidesBelow()) {
        break;
      }
    }
    return implicit == null ? null : new Effective(implicit, false);
  }

  /** A directory in one layer, if it is there, and whether the layer hides those below. */
  private record Seen(Paths.@Nullable Stat stat, boolean hidesBelow) {}

  private Seen look(Fd root, String path) throws IOException {
    boolean hides = false;
    int slash = -1;
    do {
      slash = path.indexOf('/', slash + 1);
      String prefix = slash < 0 ? path : path.substring(0, slash);
      try (Fd dir =
          paths.openAt2(root, prefix, Paths.O_RDONLY | Paths.directoryFlag(), 0, INSIDE)) {
        hides |= paths.lgetxattr(dir.procPath() + "/.", OPAQUE) != null;
        if (slash < 0) {
          return new Seen(paths.stat(dir, ""), hides);
        }
      } catch (ErrnoException e) {
        if (e.is(Errno.ENOENT)) {
          return new Seen(null, hides);
        }
        if (e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
          return new Seen(null, true); // a whiteout, file or link hides it
        }
        throw e;
      }
    } while (true);
  }

  @Override
  public void close() {
    layers.forEach(l -> l.root().close());
  }
}
