package io.crema.runtime.cgroup;

/**
 * Between the scales of v1's cpu.shares (2–262144, 1024 by default) and v2's cpu.weight (1–10000,
 * 100 by default): the quadratic formula of runc since 1.3 and of Kubernetes since 1.35
 * (github.com/opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value), which keeps both defaults.
 */
final class CpuWeight {
  private static final long SHARES_MIN = 2;
  private static final long SHARES_MAX = 262144;
  private static final long WEIGHT_MAX = 10000;

  private CpuWeight() {}

  /** The weight of {@code shares}, which aren't zero. */
  static long ofShares(long shares) {
    if (shares <= SHARES_MIN) {
      return 1;
    }
    if (shares >= SHARES_MAX) {
      return WEIGHT_MAX;
    }
    double l = log2((double) shares);
    double exponent = (l * l + 125 * l) / 612.0 - 7.0 / 34.0;
    return (long) Math.ceil(Math.pow(10, exponent));
  }

  /** Exact for powers of two, as Go's math.Log2 is: the default must stay the default. */
  private static double log2(double x) {
    int exponent = Math.getExponent(x);
    double fraction = x / Math.scalb(1.0, exponent);
    return exponent + Math.log(fraction) / Math.log(2);
  }

  /**
   * Shares with that weight, the default if it is among them and else the largest: several shares
   * have the same weight.
   */
  static long toShares(long weight) {
    if (weight == 100) {
      return 1024;
    }
    long low = SHARES_MIN;
    long high = SHARES_MAX;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (ofShares(middle) <= weight) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** v2's io.weight (1–10000) of v1's blkio.weight (10–1000), as runc converts it. */
  static long ofBlockIoWeight(int weight) {
    return 1 + (weight - 10) * 9999L / 990;
  }
}
