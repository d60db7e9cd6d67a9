package io.crema.runtime.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** How far this host lets Crema set resource limits: only CAP_SYS_RESOURCE raises a hard one. */
public final class Rlimits {
  private static final System.Logger LOG = System.getLogger("io.crema.runtime.security");

  private final Map<Rlimit.Kind, Rlimit> own;
  private final boolean unrestricted;
  private final Set<Rlimit.Kind> told = ConcurrentHashMap.newKeySet();

  private Rlimits(Map<Rlimit.Kind, Rlimit> own, boolean unrestricted) {
    this.own = own;
    this.unrestricted = unrestricted;
  }

  /** As it is for this process and the children that it starts. */
  public static Rlimits ofThisProcess() throws IOException {
    boolean free = AvailableCapabilities.ofThisProcess().contains(Capability.SYS_RESOURCE);
    return of(Files.readString(Path.of("/proc/self/limits")), free);
  }

  /** The content of {@code /proc/PID/limits} (proc_pid_limits(5)). */
  static Rlimits of(String limits, boolean unrestricted) {
    Map<Rlimit.Kind, Rlimit> own = new EnumMap<>(Rlimit.Kind.class);
    for (String line : limits.split("\n", -1)) {
      for (Rlimit.Kind kind : Rlimit.Kind.values()) {
        if (line.startsWith(kind.procName() + " ")) {
          String[] words = line.substring(kind.procName().length()).strip().split("\\s+", -1);
          own.put(kind, new Rlimit(kind, parse(words[0]), parse(words[1])));
        }
      }
    }
    return new Rlimits(own, unrestricted);
  }

  private static long parse(String word) {
    return word.equals("unlimited") ? Rlimit.INFINITY : Long.parseUnsignedLong(word);
  }

  /** This process's own limit; unlimited when the kernel doesn't tell. */
  public Rlimit own(Rlimit.Kind kind) {
    return own.getOrDefault(kind, new Rlimit(kind, Rlimit.INFINITY, Rlimit.INFINITY));
  }

  /** {@code wanted}, or the most that can be had; logs once for each kind when they differ. */
  public Rlimit clamp(Rlimit wanted) {
    long most = own(wanted.kind()).hard();
    if (unrestricted || Long.compareUnsigned(wanted.hard(), most) <= 0) {
      return wanted;
    }
    if (told.add(wanted.kind())) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} {1} is asked for, but without CAP_SYS_RESOURCE it can''t be above {2}: {2} is used,"
              + " here and for all that follow",
          wanted.kind().ociName(),
          Long.toUnsignedString(wanted.hard()),
          Long.toUnsignedString(most));
    }
    long soft = Long.compareUnsigned(wanted.soft(), most) <= 0 ? wanted.soft() : most;
    return new Rlimit(wanted.kind(), soft, most);
  }
}
