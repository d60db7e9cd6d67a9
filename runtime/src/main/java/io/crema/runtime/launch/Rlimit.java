package io.crema.runtime.launch;

/** A resource limit (getrlimit(2)); {@code resource} is its number, {@code name} for people. */
public record Rlimit(String name, int resource, long soft, long hard) {
  /** {@code RLIM_INFINITY}; limits are unsigned. */
  static final long INFINITY = -1;

  /** {@code RLIMIT_NOFILE} of asm-generic/resource.h, the same on x86_64 and aarch64. */
  static final int NOFILE = 7;

  /** How many files may be open. */
  public static Rlimit nofile(long soft, long hard) {
    return new Rlimit("RLIMIT_NOFILE", NOFILE, soft, hard);
  }
}
