package io.crema.runtime.cgroup;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Allows or denies access to device nodes (Documentation/admin-guide/cgroup-v1/devices.rst); of
 * several rules that match, the last one counts.
 *
 * @param major null for any
 * @param minor null for any
 * @param access some of {@code r} (read), {@code w} (write), {@code m} (mknod)
 */
public record DeviceRule(
    boolean allow, Type type, @Nullable Integer major, @Nullable Integer minor, String access) {

  /** Which kind of node. */
  public enum Type {
    ALL('a'),
    CHARACTER('c'),
    BLOCK('b');

    private final char letter;

    Type(char letter) {
      this.letter = letter;
    }

    char letter() {
      return letter;
    }
  }

  /** Everything: what a privileged container has. */
  public static final List<DeviceRule> EVERYTHING = List.of(allow(Type.ALL, null, null, "rwm"));

  /**
   * What every container has: the nodes that its /dev holds, and mknod of any (which alone opens
   * nothing). As runc's AllowedDevices.
   */
  public static final List<DeviceRule> DEFAULT =
      List.of(
          new DeviceRule(false, Type.ALL, null, null, "rwm"),
          allow(Type.CHARACTER, null, null, "m"),
          allow(Type.BLOCK, null, null, "m"),
          allow(Type.CHARACTER, 1, 3, "rwm"), // null
          allow(Type.CHARACTER, 1, 5, "rwm"), // zero
          allow(Type.CHARACTER, 1, 7, "rwm"), // full
          allow(Type.CHARACTER, 1, 8, "rwm"), // random
          allow(Type.CHARACTER, 1, 9, "rwm"), // urandom
          allow(Type.CHARACTER, 5, 0, "rwm"), // tty
          allow(Type.CHARACTER, 5, 1, "rwm"), // console
          allow(Type.CHARACTER, 5, 2, "rwm"), // ptmx
          allow(Type.CHARACTER, 136, null, "rwm")); // pts

  public DeviceRule {
    if (access.isEmpty() || !access.matches("r?w?m?")) {
      throw new IllegalArgumentException(
          "device access \"" + access + "\": expected some of r, w and m, in that order");
    }
    if (type == Type.ALL && (major != null || minor != null)) {
      throw new IllegalArgumentException("a rule for all devices can't name one");
    }
  }

  /** Allows. */
  public static DeviceRule allow(
      Type type, @Nullable Integer major, @Nullable Integer minor, String access) {
    return new DeviceRule(true, type, major, minor, access);
  }

  /** Whether this speaks of every device and every access, so that nothing before it counts. */
  boolean coversEverything() {
    return type == Type.ALL && access.equals("rwm");
  }

  /** As the v1 controller reads it: {@code c 1:3 rwm}. */
  String line() {
    return coversEverything()
        ? "a"
        : type.letter()
            + " "
            + (major == null ? "*" : major)
            + ":"
            + (minor == null ? "*" : minor)
            + " "
            + access;
  }
}
