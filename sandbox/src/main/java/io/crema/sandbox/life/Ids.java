package io.crema.sandbox.life;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** Names for new things. */
final class Ids {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** 64 hexadecimal digits, as clients of containerd and Docker are used to. */
  static String next() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * A launch's number, unique among all of a keeper's without anybody having to remember the last.
   */
  static long nextLaunch() {
    RandomGenerator random = RANDOM;
    return random.nextLong(1, Long.MAX_VALUE);
  }
}
