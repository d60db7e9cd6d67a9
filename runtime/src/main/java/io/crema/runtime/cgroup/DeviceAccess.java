package io.crema.runtime.cgroup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Device rules in the form that the kernel's v1 controller keeps: a default and exceptions from it
 * (security/device_cgroup.c). Both versions are driven from this, so they mean the same.
 *
 * @param exceptions what is contrary to the default, with the bits of {@link #MKNOD}, {@link #READ}
 *     and {@link #WRITE}
 */
record DeviceAccess(boolean allowByDefault, Map<Node, Integer> exceptions) {
  /** BPF_DEVCG_ACC_* of linux/bpf.h. */
  static final int MKNOD = 1;

  static final int READ = 2;
  static final int WRITE = 4;
  private static final int ALL = MKNOD | READ | WRITE;

  /** Which nodes an exception is for; null is any. */
  record Node(DeviceRule.Type type, @Nullable Integer major, @Nullable Integer minor) {}

  /** The rules one after another, from a state where everything is allowed. */
  static DeviceAccess of(List<DeviceRule> rules) {
    boolean allow = true;
    Map<Node, Integer> exceptions = new LinkedHashMap<>();
    for (DeviceRule rule : rules) {
      if (rule.coversEverything()) {
        allow = rule.allow();
        exceptions.clear();
        continue;
      }
      List<DeviceRule.Type> types =
          rule.type() == DeviceRule.Type.ALL
              ? List.of(DeviceRule.Type.CHARACTER, DeviceRule.Type.BLOCK)
              : List.of(rule.type());
      for (DeviceRule.Type type : types) {
        Node node = new Node(type, rule.major(), rule.minor());
        int before = exceptions.getOrDefault(node, 0);
        int bits = bits(rule.access());
        int after = rule.allow() == allow ? before & ~bits : before | bits;
        if (after == 0) {
          exceptions.remove(node);
        } else {
          exceptions.put(node, after);
        }
      }
    }
    return new DeviceAccess(allow, exceptions);
  }

  /** What to write into the v1 file {@code devices.allow} or {@code devices.deny}, in order. */
  List<String> v1Lines() {
    List<String> out = new ArrayList<>();
    exceptions.forEach(
        (node, bits) ->
            out.add(
                node.type.letter()
                    + " "
                    + (node.major == null ? "*" : node.major)
                    + ":"
                    + (node.minor == null ? "*" : node.minor)
                    + " "
                    + letters(bits)));
    return out;
  }

  private static int bits(String access) {
    int bits = 0;
    for (int i = 0; i < access.length(); i++) {
      bits |=
          switch (access.charAt(i)) {
            case 'r' -> READ;
            case 'w' -> WRITE;
            default -> MKNOD;
          };
    }
    return bits;
  }

  private static String letters(int bits) {
    return bits == ALL
        ? "rwm"
        : ((bits & READ) != 0 ? "r" : "")
            + ((bits & WRITE) != 0 ? "w" : "")
            + ((bits & MKNOD) != 0 ? "m" : "");
  }
}
