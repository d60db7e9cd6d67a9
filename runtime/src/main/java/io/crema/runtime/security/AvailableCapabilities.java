package io.crema.runtime.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What this process can give away: the capabilities in both its bounding and its permitted set, of
 * those that the kernel knows.
 */
public final class AvailableCapabilities {
  private AvailableCapabilities() {}

  /** Of this process; /proc/self/status shows only what the kernel has (cap_last_cap). */
  public static Set<Capability> ofThisProcess() throws IOException {
    return ofStatus(Files.readString(Path.of("/proc/self/status")));
  }

  /** Of the process whose {@code /proc/PID/status} is given (proc_pid_status(5)). */
  static Set<Capability> ofStatus(String status) throws IOException {
    long mask = field(status, "CapBnd:") & field(status, "CapPrm:");
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    for (Capability c : Capability.values()) {
      if ((mask >>> c.number() & 1) != 0) {
        set.add(c);
      }
    }
    return Collections.unmodifiableSet(set);
  }

  private static long field(String status, String name) throws IOException {
    for (String line : status.split("\n", -1)) {
      if (line.startsWith(name)) {
        return Long.parseUnsignedLong(line.substring(name.length()).strip(), 16);
      }
    }
    throw new IOException("/proc/self/status has no line " + name);
  }
}
