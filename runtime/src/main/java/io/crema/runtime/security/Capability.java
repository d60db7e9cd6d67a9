package io.crema.runtime.security;

import java.util.Locale;

/**
 * A privilege of capabilities(7). Constants are in the order of linux/capability.h: the ordinal is
 * the kernel's number.
 */
public enum Capability {
  CHOWN,
  DAC_OVERRIDE,
  DAC_READ_SEARCH,
  FOWNER,
  FSETID,
  KILL,
  SETGID,
  SETUID,
  SETPCAP,
  LINUX_IMMUTABLE,
  NET_BIND_SERVICE,
  NET_BROADCAST,
  NET_ADMIN,
  NET_RAW,
  IPC_LOCK,
  IPC_OWNER,
  SYS_MODULE,
  SYS_RAWIO,
  SYS_CHROOT,
  SYS_PTRACE,
  SYS_PACCT,
  SYS_ADMIN,
  SYS_BOOT,
  SYS_NICE,
  SYS_RESOURCE,
  SYS_TIME,
  SYS_TTY_CONFIG,
  MKNOD,
  LEASE,
  AUDIT_WRITE,
  AUDIT_CONTROL,
  SETFCAP,
  MAC_OVERRIDE,
  MAC_ADMIN,
  SYSLOG,
  WAKE_ALARM,
  BLOCK_SUSPEND,
  AUDIT_READ,
  PERFMON,
  BPF,
  CHECKPOINT_RESTORE;

  private static final String PREFIX = "CAP_";

  /**
   * The capability of that name, with or without {@code CAP_}, in any case.
   *
   * @throws IllegalArgumentException for an unknown name
   */
  public static Capability of(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String bare = upper.startsWith(PREFIX) ? upper.substring(PREFIX.length()) : upper;
    for (Capability c : values()) {
      if (c.name().equals(bare)) {
        return c;
      }
    }
    throw new IllegalArgumentException("unknown capability \"" + name + "\"");
  }

  /** The kernel's number. */
  @SuppressWarnings("EnumOrdinal") // CapabilityTest checks it against the header
  public int number() {
    return ordinal();
  }

  /** {@code CAP_CHOWN}. */
  public String kernelName() {
    return PREFIX + name();
  }
}
