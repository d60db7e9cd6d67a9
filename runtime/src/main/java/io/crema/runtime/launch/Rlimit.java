package io.crema.runtime.launch;

/** A resource limit (getrlimit(2)); {@code resource} is its number, {@code name} for people. */
public record Rlimit(String name, int resource, long soft, long hard) {
  /** {@code RLIMIT_NOFILE} of asm-generic/resource.h, the same on x86_64 and aarch64. */
  public static Rlimit nofile(long soft, long hard) {
    return new Rlimit("RLIMIT_NOFILE", 7, soft, hard);
  }
}
