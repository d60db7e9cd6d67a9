package io.crema.runtime.launch;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.NamespaceThread;
import io.crema.runtime.linux.Namespaces;
import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The namespaces that a pod's containers share. They live as long as somebody holds a descriptor of
 * them; no process is needed.
 */
public final class PodNamespaces implements AutoCloseable {
  private static final Set<Joined> POSSIBLE = EnumSet.of(Joined.NET, Joined.IPC, Joined.UTS);

  private final Map<Joined, Fd> namespaces;

  private PodNamespaces(Map<Joined, Fd> namespaces) {
    this.namespaces = namespaces;
  }

  /**
   * Makes {@code kinds} (of NET, IPC, UTS) by one unshare(2) on one thread, and sets them up.
   *
   * @param hostname for a new UTS namespace; empty leaves the host's
   * @param sysctls names with dots or slashes; each must be of one of {@code kinds}
   * @throws IllegalArgumentException when a sysctl isn't one of these namespaces
   * @throws IOException when a step fails; nothing is left behind then
   */
  public static PodNamespaces create(Set<Joined> kinds, String hostname, Sysctls sysctls)
      throws IOException, InterruptedException {
    if (!POSSIBLE.containsAll(kinds)) {
      throw new IllegalArgumentException("a pod's namespaces are " + POSSIBLE + ", not " + kinds);
    }
    sysctls.checkWithin(kinds);
    if (kinds.isEmpty()) {
      return new PodNamespaces(Map.of());
    }
    return NamespaceThread.call("crema-namespaces", () -> make(kinds, hostname, sysctls));
  }

  /**
   * Sets up namespaces that a process in a user namespace has made, and which belong to that.
   *
   * @param made of NET, IPC, UTS, USER; owned by what is returned, and closed when a step fails
   */
  public static PodNamespaces adopt(Map<Joined, Fd> made, String hostname, Sysctls sysctls)
      throws IOException, InterruptedException {
    PodNamespaces adopted = new PodNamespaces(new EnumMap<>(made));
    boolean ready = false;
    try {
      sysctls.checkWithin(made.keySet());
      if (POSSIBLE.stream().anyMatch(made::containsKey)) {
        NamespaceThread.call("crema-namespaces", () -> adopted.enter(hostname, sysctls));
      }
      ready = true;
      return adopted;
    } finally {
      if (!ready) {
        adopted.close();
      }
    }
  }

  private PodNamespaces enter(String hostname, Sysctls sysctls) throws IOException {
    Namespaces linux = Namespaces.linux();
    for (Map.Entry<Joined, Fd> e : namespaces.entrySet()) {
      if (POSSIBLE.contains(e.getKey())) { // nobody with threads can enter a user namespace
        linux.setns(e.getValue(), e.getKey().flag());
      }
    }
    setUp(linux, namespaces.keySet(), hostname, sysctls);
    return this;
  }

  private static void setUp(Namespaces linux, Set<Joined> kinds, String hostname, Sysctls sysctls)
      throws IOException {
    if (kinds.contains(Joined.UTS) && !hostname.isEmpty()) {
      linux.setHostname(hostname);
    }
    sysctls.apply();
  }

  private static PodNamespaces make(Set<Joined> kinds, String hostname, Sysctls sysctls)
      throws IOException {
    Namespaces linux = Namespaces.linux();
    int flags = 0;
    for (Joined kind : kinds) {
      flags |= kind.flag();
    }
    linux.unshare(flags);
    PodNamespaces made = new PodNamespaces(new EnumMap<>(Joined.class));
    try {
      setUp(linux, kinds, hostname, sysctls);
      for (Joined kind : kinds) {
        made.namespaces.put(kind, linux.current(kind.kind()));
      }
      return made;
    } catch (IOException | RuntimeException e) {
      made.close();
      throw e;
    }
  }

  /** The descriptors; this stays their owner. */
  public Map<Joined, Fd> all() {
    return Map.copyOf(namespaces);
  }

  /** Lets go of them: those that nobody else holds end. */
  @Override
  public void close() {
    namespaces.values().forEach(Fd::close);
  }
}
