package io.crema.runtime.security;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An image's /etc/passwd and /etc/group, and who a request means by them. As containerd (WithUser,
 * WithAdditionalGIDs of pkg/oci/spec_opts.go) resolves users.
 *
 * <p>Both files are hostile: at most {@value #MAX_FILE} bytes are read, from a regular file that is
 * found within the image's root; lines that aren't entries are skipped.
 */
public final class UserDatabase {
  /** The largest file that is read; a larger one is refused. */
  public static final int MAX_FILE = 8 << 20;

  /** Ids above are refused, as runc does. */
  private static final long MAX_ID = Integer.MAX_VALUE;

  private record User(String name, int uid, int gid, String home) {}

  private record Group(String name, int gid, List<String> members) {}

  private final List<User> users;
  private final List<Group> groups;

  private UserDatabase(List<User> users, List<Group> groups) {
    this.users = users;
    this.groups = groups;
  }

  /**
   * The files of the root filesystem {@code root}, a directory; each may be missing.
   *
   * @throws IOException also when one isn't a regular file or is too large
   */
  public static UserDatabase read(Fd root) throws IOException {
    return of(content(root, "etc/passwd"), content(root, "etc/group"));
  }

  /** The content of both files. */
  public static UserDatabase of(byte[] passwd, byte[] group) {
    List<User> users = new ArrayList<>();
    for (String line : lines(passwd)) {
      String[] f = line.split(":", -1);
      Integer uid = f.length >= 4 ? id(f[2]) : null;
      Integer gid = f.length >= 4 ? id(f[3]) : null;
      if (uid != null && gid != null && !f[0].isEmpty()) {
        users.add(new User(f[0], uid, gid, f.length >= 6 ? f[5] : ""));
      }
    }
    List<Group> groups = new ArrayList<>();
    for (String line : lines(group)) {
      String[] f = line.split(":", -1);
      Integer gid = f.length >= 3 ? id(f[2]) : null;
      if (gid != null && !f[0].isEmpty()) {
        groups.add(new Group(f[0], gid, f.length >= 4 ? List.of(f[3].split(",", -1)) : List.of()));
      }
    }
    return new UserDatabase(users, groups);
  }

  /**
   * Who {@code request} means.
   *
   * @throws UnknownUserException when a name isn't in the image, or an id isn't one
   */
  public ProcessUser resolve(UserRequest request) throws UnknownUserException {
    String wanted;
    if (!request.username().isEmpty()) {
      wanted = request.username();
    } else if (request.uid() != null) {
      wanted = Long.toString(request.uid());
    } else {
      wanted = request.imageUser().isEmpty() ? "0" : request.imageUser();
    }
    String[] parts = wanted.split(":", -1);
    if (request.gid() != null) {
      if (request.username().isEmpty() && request.uid() == null) {
        throw new UnknownUserException(
            "run_as_group "
                + request.gid()
                + " is set without a user: a group alone isn't allowed");
      }
      parts = new String[] {wanted, Long.toString(request.gid())};
    }
    if (parts.length > 2 || parts[0].isEmpty() || (parts.length == 2 && parts[1].isEmpty())) {
      throw new UnknownUserException(
          "user \"" + wanted + "\": expected user, uid, user:group or uid:gid");
    }
    return resolve(parts[0], parts.length == 2 ? parts[1] : null, request);
  }

  private ProcessUser resolve(String userPart, @Nullable String groupPart, UserRequest request)
      throws UnknownUserException {
    Long number = number(userPart);
    @Nullable User user;
    int uid;
    if (number != null) {
      uid = checkId(number, "uid", userPart);
      user = first(users, u -> u.uid == uid);
    } else {
      user = first(users, u -> u.name.equals(userPart));
      if (user == null) {
        throw new UnknownUserException(
            "no users found that match: \"" + userPart + "\" isn't in the image's /etc/passwd");
      }
      uid = user.uid;
    }
    int gid = groupPart == null ? (user == null ? 0 : user.gid) : group(groupPart);
    TreeSet<Integer> all = new TreeSet<>();
    all.add(gid);
    if (request.policy() == UserRequest.GroupPolicy.MERGE && user != null) {
      for (Group g : groups) {
        // a group of the user's own name isn't a supplementary one
        if (!g.name.equals(user.name) && g.members.contains(user.name)) {
          all.add(g.gid);
        }
      }
    }
    for (long g : request.supplementalGroups()) {
      all.add(checkId(g, "supplemental group", Long.toString(g)));
    }
    String home = user == null || user.home.isEmpty() ? "/" : user.home;
    return new ProcessUser(uid, gid, List.copyOf(all), home);
  }

  private int group(String groupPart) throws UnknownUserException {
    Long number = number(groupPart);
    if (number != null) {
      return checkId(number, "gid", groupPart);
    }
    Group group = first(groups, g -> g.name.equals(groupPart));
    if (group == null) {
      throw new UnknownUserException(
          "no groups found that match: \"" + groupPart + "\" isn't in the image's /etc/group");
    }
    return group.gid;
  }

  private static <T> @Nullable T first(List<T> entries, Predicate<T> wanted) {
    for (T entry : entries) {
      if (wanted.test(entry)) {
        return entry;
      }
    }
    return null;
  }

  /** The number that {@code text} is; one too large for a long is too large for an id. */
  private static @Nullable Long number(String text) {
    if (!text.matches("[+-]?[0-9]+")) {
      return null;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  private static int checkId(long id, String what, String text) throws UnknownUserException {
    if (id < 0 || id > MAX_ID) {
      throw new UnknownUserException(what + " " + text + " is out of range (0 to " + MAX_ID + ")");
    }
    return (int) id;
  }

  /** The id in a line of a file, or null for none. */
  private static @Nullable Integer id(String field) {
    Long n = number(field);
    return n == null || n < 0 || n > MAX_ID ? null : n.intValue();
  }

  private static List<String> lines(byte[] file) {
    List<String> out = new ArrayList<>();
    for (String line : new String(file, StandardCharsets.UTF_8).split("\n", -1)) {
      String l = line.strip();
      if (!l.isEmpty() && !l.startsWith("#")) {
        out.add(l);
      }
    }
    return out;
  }

  private static byte[] content(Fd root, String name) throws IOException {
    // O_PATH first: opening a FIFO or a device for reading would block or act
    try (Fd place = Paths.linux().openAt2(root, name, Paths.O_PATH, 0, Paths.RESOLVE_IN_ROOT)) {
      if (Paths.linux().stat(place, "").type() != Paths.S_IFREG) {
        throw new IOException("/" + name + " of the image isn't a regular file");
      }
      try (Fd file = Paths.linux().open(place.procPath(), Paths.O_RDONLY, 0)) {
        return readAll(file, name);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return new byte[0];
      }
      throw e;
    }
  }

  private static byte[] readAll(Fd file, String name) throws IOException {
    byte[] all = new byte[0];
    byte[] chunk = new byte[16384];
    int n;
    while ((n = Descriptors.linux().read(file, chunk, 0, chunk.length)) > 0) {
      if (all.length + n > MAX_FILE) {
        throw new IOException("/" + name + " of the image is larger than " + MAX_FILE + " bytes");
      }
      int before = all.length;
      all = Arrays.copyOf(all, before + n);
      System.arraycopy(chunk, 0, all, before, n);
    }
    return all;
  }
}
