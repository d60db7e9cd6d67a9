package io.crema.runtime.launch;

import io.crema.runtime.linux.Descriptors;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Kernel parameters of a pod's namespaces. Only such as the kernel keeps per namespace: any other
 * would be the whole node's.
 */
public final class Sysctls {
  /** None. */
  public static final Sysctls NONE = new Sysctls(Map.of());

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_*:@-]+([./][A-Za-z0-9_*:@-]+)*");

  private final Map<String, String> values;

  private Sysctls(Map<String, String> values) {
    this.values = values;
  }

  /**
   * {@code values} by name, such as {@code net.ipv4.ip_forward}; a name with slashes may have dots
   * in a part, as interfaces' names do ({@code net/ipv4/conf/eth0.1/arp_filter}).
   *
   * @throws IllegalArgumentException for a name that isn't one, or isn't of a namespace
   */
  public static Sysctls of(Map<String, String> values) {
    Map<String, String> paths = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          String path = path(name);
          if (owner(path) == null) {
            throw new IllegalArgumentException(
                "sysctl "
                    + name
                    + ": belongs to no namespace of a pod (net.*, kernel.shm*,"
                    + " kernel.msg*, kernel.sem, fs.mqueue.*, kernel.domainname)");
          }
          paths.put(path, value);
        });
    return new Sysctls(paths);
  }

  /**
   * These and containerd's defaults for a pod with a network of its own: ports below 1024 and ping
   * without privileges. What is here already wins.
   *
   * @param userNamespace whether the pod has one: its groups don't reach as far as that of ping,
   *     and the kernel takes no group that isn't mapped
   */
  public Sysctls withNetworkDefaults(boolean userNamespace) {
    Map<String, String> all = new LinkedHashMap<>(values);
    all.putIfAbsent("net/ipv4/ip_unprivileged_port_start", "0");
    if (!userNamespace) {
      all.putIfAbsent("net/ipv4/ping_group_range", "0 2147483647");
    }
    return new Sysctls(all);
  }

  private static String path(String name) {
    if (!NAME.matcher(name).matches() && !slashed(name)) {
      throw new IllegalArgumentException("sysctl \"" + name + "\": not a name");
    }
    // as sysctl(8): the first separator says which is meant
    return name.indexOf('/') < 0 ? name.replace('.', '/') : name;
  }

  private static boolean slashed(String name) {
    if (name.indexOf('/') < 0) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..") || part.indexOf('\0') >= 0) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable Joined owner(String path) {
    if (path.startsWith("net/")) {
      return Joined.NET;
    }
    if (path.startsWith("kernel/shm")
        || path.startsWith("kernel/msg")
        || path.equals("kernel/sem")
        || path.startsWith("fs/mqueue/")) {
      return Joined.IPC;
    }
    return path.equals("kernel/domainname") ? Joined.UTS : null;
  }

  /** Refuses those that would reach the host, because the pod uses the host's namespace. */
  void checkWithin(Set<Joined> kinds) {
    for (String path : values.keySet()) {
      Joined owner = owner(path);
      if (owner != null && !kinds.contains(owner)) {
        throw new IllegalArgumentException(
            "sysctl "
                + path.replace('/', '.')
                + ": not allowed, the pod uses the host's "
                + owner.kind()
                + " namespace");
      }
    }
  }

  /** Writes them for the calling thread's namespaces: /proc/sys shows those of who opens it. */
  void apply() throws IOException {
    for (Map.Entry<String, String> e : values.entrySet()) {
      try (Fd file = Paths.linux().open("/proc/sys/" + e.getKey(), Paths.O_WRONLY, 0)) {
        Descriptors.linux().writeAll(file, e.getValue().getBytes(StandardCharsets.UTF_8));
      } catch (ErrnoException x) {
        throw new IOException(
            "sysctl " + e.getKey().replace('/', '.') + "=" + e.getValue() + ": " + x.getMessage(),
            x);
      }
    }
  }
}
