package io.crema.runtime.security;

import java.util.Locale;

/**
 * A resource limit (getrlimit(2)).
 *
 * @param soft {@link #INFINITY} for none
 * @param hard {@link #INFINITY} for none
 */
public record Rlimit(Kind kind, long soft, long hard) {
  /** {@code RLIM_INFINITY}; limits are unsigned. */
  public static final long INFINITY = -1;

  public Rlimit {
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new IllegalArgumentException(kind.ociName() + ": the soft limit is above the hard one");
    }
  }

  /**
   * Which; constants are in the order of asm-generic/resource.h: the ordinal is the kernel's
   * number.
   */
  public enum Kind {
    CPU("Max cpu time"),
    FSIZE("Max file size"),
    DATA("Max data size"),
    STACK("Max stack size"),
    CORE("Max core file size"),
    RSS("Max resident set"),
    NPROC("Max processes"),
    NOFILE("Max open files"),
    MEMLOCK("Max locked memory"),
    AS("Max address space"),
    LOCKS("Max file locks"),
    SIGPENDING("Max pending signals"),
    MSGQUEUE("Max msgqueue size"),
    NICE("Max nice priority"),
    RTPRIO("Max realtime priority"),
    RTTIME("Max realtime timeout");

    private final String procName;

    Kind(String procName) {
      this.procName = procName;
    }

    /** The kind of that name, {@code RLIMIT_NOFILE} or {@code nofile}. */
    public static Kind of(String name) {
      String upper = name.toUpperCase(Locale.ROOT);
      String bare = upper.startsWith("RLIMIT_") ? upper.substring("RLIMIT_".length()) : upper;
      for (Kind kind : values()) {
        if (kind.name().equals(bare)) {
          return kind;
        }
      }
      throw new IllegalArgumentException("unknown resource limit \"" + name + "\"");
    }

    /** The kernel's number. */
    @SuppressWarnings("EnumOrdinal") // RlimitsTest checks it against the header
    public int number() {
      return ordinal();
    }

    /** {@code RLIMIT_NOFILE}. */
    public String ociName() {
      return "RLIMIT_" + name();
    }

    String procName() {
      return procName;
    }
  }
}
