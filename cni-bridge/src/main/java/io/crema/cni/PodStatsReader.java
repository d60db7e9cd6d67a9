package io.crema.cni;

import io.crema.cni.netlink.Link;
import java.util.Optional;

/**
 * Turns the counters of the host's end of a pair into those of the pod's: what one sends the other
 * receives.
 */
final class PodStatsReader {
  // struct rtnl_link_stats64 (linux/if_link.h)
  private static final int RX_PACKETS = 0;
  private static final int TX_PACKETS = 1;
  private static final int RX_BYTES = 2;
  private static final int TX_BYTES = 3;
  private static final int RX_ERRORS = 4;
  private static final int TX_ERRORS = 5;
  private static final int RX_DROPPED = 6;
  private static final int TX_DROPPED = 7;

  private PodStatsReader() {}

  static Optional<InterfaceStats> swapped(Link host) {
    long[] c = host.counters();
    if (c.length <= TX_DROPPED) {
      return Optional.empty();
    }
    return Optional.of(
        new InterfaceStats(
            PodInterfaces.IN_POD,
            c[TX_BYTES],
            c[TX_PACKETS],
            c[TX_ERRORS],
            c[TX_DROPPED],
            c[RX_BYTES],
            c[RX_PACKETS],
            c[RX_ERRORS],
            c[RX_DROPPED]));
  }
}
