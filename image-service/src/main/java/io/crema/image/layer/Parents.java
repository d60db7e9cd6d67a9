package io.crema.image.layer;

import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds, and makes where missing, the directories that a layer's entries lie in, by descriptor and
 * confined to the root: a symbolic link on the way leads to its target <em>within</em> the root, as
 * securejoin and containerd's fs.RootPath do it. The last few descriptors are kept open, since
 * entries of one directory stand together in an archive.
 */
final class Parents implements AutoCloseable {
  private static final int OPEN_DIRECTORIES = 16;
  private static final int MAX_LINKS = 40; // as the kernel: MAXSYMLINKS
  private static final int MAX_IMPLICIT = 100_000;
  private static final int NOFOLLOW_RESOLVE = Paths.RESOLVE_BENEATH | Paths.RESOLVE_NO_SYMLINKS;

  private final Paths paths;
  private final Fd root;
  private final long maxImplicit;
  private final Set<String> implicit = new HashSet<>();
  private final List<Fd> retired = new ArrayList<>();
  private long created;

  private final Map<String, Fd> open =
      new LinkedHashMap<>(32, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Fd> eldest) {
          if (size() > OPEN_DIRECTORIES) {
            eldest.getValue().close();
            return true;
          }
          return false;
        }
      };

  /**
   * Borrows {@code root}.
   *
   * @param maxImplicit how many directories may be made without an entry
   */
  Parents(Paths paths, Fd root, long maxImplicit) {
    this.paths = paths;
    this.root = root;
    this.maxImplicit = Math.min(MAX_IMPLICIT, maxImplicit);
  }

  /** The directory {@code path} (empty: the root), lent until the next call. */
  Fd directory(String path) throws IOException {
    if (!retired.isEmpty()) {
      retired.forEach(Fd::close);
      retired.clear();
    }
    if (path.isEmpty()) {
      return root;
    }
    Fd known = open.get(path);
    if (known != null) {
      return known;
    }
    Fd fd = ensure(path, 0);
    open.put(path, fd);
    return fd;
  }

  /** As {@link #directory}, but null when there is none, or something else in its place. */
  @Nullable Fd existing(String path) throws IOException {
    if (path.isEmpty()) {
      return root;
    }
    Fd known = open.get(path);
    if (known != null) {
      return known;
    }
    Fd fd;
    try {
      fd = openIfPresent(path);
    } catch (LayerException e) {
      return null; // on the way is a file, or a circle of links
    }
    if (fd != null) {
      open.put(path, fd);
    }
    return fd;
  }

  /**
   * To be called when a name that may be on the way to an open directory was removed. What is lent
   * stays open until the next {@link #directory}.
   */
  void forget() {
    retired.addAll(open.values());
    open.clear();
  }

  /** An entry for {@code path} came: its attributes are the layer's own. */
  void explicit(String path) {
    if (!implicit.isEmpty()) {
      implicit.remove(path);
    }
  }

  /** Directories that the layer has no entry for, and that were made for what lies in them. */
  Set<String> implicit() {
    return implicit;
  }

  /** How many directories were made here. */
  long created() {
    return created;
  }

  /**
   * Walks down, not up and down again: a name may have thousands of parts. Recursion is into the
   * targets of links only.
   */
  private Fd ensure(String path, int links) throws IOException {
    Fd found = openIfPresent(path);
    if (found != null) {
      return found;
    }
    if (links > MAX_LINKS) {
      throw LayerException.invalid("\"" + path + "\" leads through too many symbolic links");
    }
    int slash = path.lastIndexOf('/');
    String above = slash < 0 ? "" : path.substring(0, slash);
    Fd at = above.isEmpty() ? null : openIfPresent(above); // mostly only the last part is missing
    int start = at == null ? 0 : slash + 1;
    at = at == null ? openRoot() : at;
    try {
      while (start <= path.length()) {
        int end = path.indexOf('/', start);
        end = end < 0 ? path.length() : end;
        Fd next = part(at, path.substring(0, end), path.substring(start, end), links);
        at.close();
        at = next;
        start = end + 1;
      }
    } catch (IOException | RuntimeException e) {
      at.close();
      throw e;
    }
    return at;
  }

  /** One part of a path: {@code name} in {@code parent}; {@code path} leads there from the root. */
  private Fd part(Fd parent, String path, String name, int links) throws IOException {
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      // only from link targets, which are not made tidy: a/../b is not b when a is a link
      Fd there = path.isEmpty() ? openRoot() : openIfPresent(path);
      if (there == null) {
        throw LayerException.invalid("\"" + path + "\" can't be made a directory");
      }
      return there;
    }
    if (paths.mkdirAtIfAbsent(parent, name, 0755)) {
      return made(parent, path, name);
    }
    Paths.Stat there = paths.stat(parent, name);
    if (there.isDirectory()) {
      return paths.openAt2(parent, name, directoryFlags(), 0, NOFOLLOW_RESOLVE);
    }
    if (TreeWriter.isWhiteout(there)) {
      // deleted below and made anew here, by what lies in it and without an entry of its own
      paths.unlinkAt(parent, name, 0);
      paths.mkdirAt(parent, name, 0755);
      Fd made = made(parent, path, name);
      paths.fsetxattr(made, TreeWriter.OPAQUE, TreeWriter.YES);
      return made;
    }
    if (there.type() != Paths.S_IFLNK) {
      throw LayerException.invalid("\"" + path + "\" is used as a directory but isn't one");
    }
    String target = paths.readLinkAt(parent, name);
    String above = path.substring(0, path.length() - name.length()); // with its slash
    return ensure(target.startsWith("/") ? trim(target) : above + target, links + 1);
  }

  private Fd made(Fd parent, String path, String name) throws IOException {
    created++;
    if (implicit.size() >= maxImplicit) {
      throw LayerException.tooLarge(
          "more than " + maxImplicit + " directories have no entry of their own");
    }
    implicit.add(path);
    Fd made = paths.openAt2(parent, name, directoryFlags(), 0, NOFOLLOW_RESOLVE);
    paths.fchmod(made, 0755); // whatever the umask is
    return made;
  }

  private Fd openRoot() throws ErrnoException {
    return paths.openAt2(root, ".", directoryFlags(), 0, Paths.RESOLVE_IN_ROOT);
  }

  private @Nullable Fd openIfPresent(String path) throws IOException {
    try {
      return paths.openAt2(
          root,
          path,
          directoryFlags(),
          0,
          Paths.RESOLVE_IN_ROOT | Paths.RESOLVE_NO_MAGICLINKS | Paths.RESOLVE_NO_XDEV);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return null; // what is in the way, if anything, shows on the way down
      }
      if (e.is(Errno.ELOOP) || e.is(Errno.ENAMETOOLONG)) {
        throw LayerException.invalid(
            "\"" + path + "\" is used as a directory but isn't one: " + e.errno().message(), e);
      }
      throw e;
    }
  }

  private static int directoryFlags() {
    return Paths.O_RDONLY | Paths.directoryFlag();
  }

  private static String trim(String target) {
    int i = 0;
    while (i < target.length() && target.charAt(i) == '/') {
      i++;
    }
    return i == target.length() ? "." : target.substring(i);
  }

  @Override
  public void close() {
    forget();
    retired.forEach(Fd::close);
    retired.clear();
  }
}
