package io.crema.cni;

import io.crema.cni.netlink.Link;
import java.util.Optional;

/**
 * Turns the counters of the host's end of a pair into those of the pod's: what one sends the other
 * receives.
 */
final class PodStatsReader {
  // struct rtnl_link_stats64 (linux/if_link.h)
  private static final int RX_BYTES = 2;
  private static final int TX_BYTES = 3;
  private static final int TX_DROPPED = 7;

  private PodStatsReader() {}

  /** From the host's end. */
  static Optional<InterfaceStats> swapped(Link host) {
    return read(host, TX_BYTES, RX_BYTES);
  }

  /** From the pod's own. */
  static Optional<InterfaceStats> own(Link inPod) {
    return read(inPod, RX_BYTES, TX_BYTES);
  }

  /** Packets, bytes, errors and drops of one direction are two apart. */
  private static Optional<InterfaceStats> read(Link link, int in, int out) {
    long[] c = link.counters();
    if (c.length <= TX_DROPPED) {
      return Optional.empty();
    }
    return Optional.of(
        new InterfaceStats(
            PodInterfaces.IN_POD,
            c[in],
            c[in - 2],
            c[in + 2],
            c[in + 4],
            c[out],
            c[out - 2],
            c[out + 2],
            c[out + 4]));
  }
}
