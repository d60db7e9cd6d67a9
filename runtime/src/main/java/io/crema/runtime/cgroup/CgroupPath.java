package io.crema.runtime.cgroup;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The name of a group from the root of the hierarchy, the same in every hierarchy: {@code
 * /kubepods/burstable/pod42/9f…}.
 *
 * @param value begins with a slash, has no empty, {@code .} or {@code ..} part; {@code /} is the
 *     root
 */
public record CgroupPath(String value) {
  private static final int NAME_MAX = 255;

  /** The root of every hierarchy. */
  public static final CgroupPath ROOT = new CgroupPath("/");

  /**
   * @throws IllegalArgumentException when {@code value} isn't such a name
   */
  public CgroupPath {
    if (!value.startsWith("/")) {
      throw new IllegalArgumentException("cgroup \"" + value + "\" must begin with a slash");
    }
    if (!value.equals("/")) {
      for (String part : value.substring(1).split("/", -1)) {
        checkName(part, value);
      }
    }
  }

  /**
   * A CRI {@code cgroup_parent} in cgroupfs syntax; repeated and trailing slashes are forgiven, as
   * containerd does.
   *
   * @throws IllegalArgumentException for systemd's syntax ({@code kubepods-pod42.slice}) and names
   *     that leave the hierarchy
   */
  public static CgroupPath ofCri(String parent) {
    List<String> parts = new ArrayList<>();
    for (String part : parent.split("/", -1)) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    if (!parts.isEmpty() && parts.getLast().endsWith(".slice")) {
      throw new IllegalArgumentException(
          "cgroup_parent \""
              + parent
              + "\" is a systemd slice, but Crema drives cgroups by the cgroupfs driver: set"
              + " cgroupDriver: cgroupfs in the kubelet's configuration");
    }
    return new CgroupPath("/" + String.join("/", parts));
  }

  /** The group {@code name} in this one. */
  public CgroupPath child(String name) {
    checkName(name, value);
    return new CgroupPath(isRoot() ? "/" + name : value + "/" + name);
  }

  /** Whether this is the root. */
  public boolean isRoot() {
    return value.equals("/");
  }

  /** The group that holds this one; the root holds itself. */
  public CgroupPath parent() {
    int slash = value.lastIndexOf('/');
    return slash <= 0 ? ROOT : new CgroupPath(value.substring(0, slash));
  }

  /** The last part of the name; empty for the root. */
  public String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  /** From the first below the root to this one. */
  List<CgroupPath> fromRoot() {
    List<CgroupPath> out = new ArrayList<>();
    for (CgroupPath p = this; !p.isRoot(); p = p.parent()) {
      out.addFirst(p);
    }
    return out;
  }

  private static void checkName(String name, String whole) {
    boolean bad =
        name.isEmpty()
            || name.equals(".")
            || name.equals("..")
            || name.indexOf('/') >= 0
            || name.indexOf('\0') >= 0
            || name.indexOf('\n') >= 0
            || name.getBytes(StandardCharsets.UTF_8).length > NAME_MAX;
    if (bad) {
      throw new IllegalArgumentException(
          "cgroup \"" + whole + "\": \"" + name + "\" can't be the name of a group");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
