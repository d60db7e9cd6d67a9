package io.crema.sandbox.life;

/**
 * How fast cumulative CPU time grows, from the readings that clients ask for anyway: nothing reads
 * in the background.
 *
 * <p>A rate is of at least a second, so that several clients who ask in turn all get a useful one:
 * those who come sooner get what the last one got.
 */
final class CpuRate {
  private static final long SPAN = 1_000_000_000L;

  private long at;
  private long usage = -1;
  private long rate = -1;

  /**
   * Takes a reading and answers nanoseconds a second, or -1 while there was no earlier reading.
   *
   * @param now nanoseconds since the epoch
   */
  synchronized long of(long now, long used) {
    if (usage < 0 || used < usage || now < at) { // the first, or the group or the clock is another
      at = now;
      usage = used;
      rate = -1;
    } else if (now - at >= SPAN) {
      rate = Math.round((used - usage) * (double) SPAN / (now - at));
      at = now;
      usage = used;
    }
    return rate;
  }
}
