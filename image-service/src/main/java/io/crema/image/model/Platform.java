package io.crema.image.model;

import io.crema.runtime.linux.Arch;

/**
 * Operating system, architecture and variant in the OCI image index's names ({@code GOOS}, {@code
 * GOARCH}).
 *
 * @param variant empty when there is none
 */
public record Platform(String os, String architecture, String variant) {

  /** What this machine runs. */
  public static Platform host() {
    Arch arch = Arch.current();
    return new Platform("linux", arch.ociName(), arch == Arch.AARCH64 ? "v8" : "");
  }

  /**
   * Aliases resolved as containerd/platforms database.go does: x86_64, aarch64, arm64/v8, amd64/v1.
   */
  public Platform normalized() {
    String arch =
        switch (architecture) {
          case "x86_64", "x86-64" -> "amd64";
          case "aarch64" -> "arm64";
          case "i386" -> "386";
          case "armhf", "armel" -> "arm";
          default -> architecture;
        };
    String v = variant;
    if (arch.equals("arm64") && (v.isEmpty() || v.equals("8"))) {
      v = "v8";
    } else if (arch.equals("amd64") && v.equals("v1")) {
      v = "";
    } else if (arch.equals("arm") && v.isEmpty()) {
      v = architecture.equals("armel") ? "v6" : "v7";
    }
    return new Platform(os, arch, v);
  }

  /**
   * How well an image for {@code offered} runs here: 0 not at all, higher is better. An offered
   * variant below ours runs; one above doesn't.
   */
  public int match(Platform offered) {
    Platform want = normalized();
    Platform have = offered.normalized();
    if (!want.os.equals(have.os) || !want.architecture.equals(have.architecture)) {
      return 0;
    }
    int wanted = level(want.variant);
    int level = level(have.variant);
    return level > wanted ? 0 : 1 + level;
  }

  /** {@code v8} → 80, {@code v8.2} → 82, nothing → 0; an unknown word never matches. */
  private static int level(String variant) {
    if (variant.isEmpty()) {
      return 0;
    }
    String digits = variant.startsWith("v") ? variant.substring(1) : variant;
    int dot = digits.indexOf('.');
    try {
      int major = Integer.parseInt(dot < 0 ? digits : digits.substring(0, dot));
      int minor = dot < 0 ? 0 : Integer.parseInt(digits.substring(dot + 1));
      return Math.min(major, 1000) * 10 + Math.min(minor, 9);
    } catch (NumberFormatException e) {
      return Integer.MAX_VALUE - 1;
    }
  }

  @Override
  public String toString() {
    return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
  }
}
