package io.crema.runtime.linux;

import java.util.Locale;

/**
 * The machine's architecture: everything that differs between them is asked of this or of {@link
 * Sys}.
 */
public enum Arch {
  /** 64-bit x86. */
  X86_64(0xC000003EL, "amd64", "x86_64-linux-gnu"),
  /** 64-bit Arm. */
  AARCH64(0xC00000B7L, "arm64", "aarch64-linux-gnu");

  private static final Arch CURRENT = of(System.getProperty("os.arch", ""));

  private final long auditArch;
  private final String ociName;
  private final String multiarch;

  Arch(long auditArch, String ociName, String multiarch) {
    this.auditArch = auditArch;
    this.ociName = ociName;
    this.multiarch = multiarch;
  }

  /** The architecture that this JVM runs on. */
  public static Arch current() {
    return CURRENT;
  }

  static Arch of(String osArch) {
    return switch (osArch.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> X86_64;
      case "aarch64", "arm64" -> AARCH64;
      default ->
          throw new UnsupportedOperationException(
              "architecture " + osArch + ": Crema runs on x86_64 and aarch64");
    };
  }

  /** {@code AUDIT_ARCH_*} of linux/audit.h, as seccomp filters compare it. */
  public long auditArch() {
    return auditArch;
  }

  /** The name in OCI image indexes ({@code GOARCH}). */
  public String ociName() {
    return ociName;
  }

  /** Debian's multiarch directory name, where this architecture's headers lie. */
  public String multiarch() {
    return multiarch;
  }
}
