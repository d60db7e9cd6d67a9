package io.crema.cni;

import io.crema.cni.ipam.IpText;
import java.net.InetAddress;
import java.util.List;

/**
 * What a pod got.
 *
 * @param all the pod's addresses, IPv4 first
 * @param gateways the host's end in the same families' order
 * @param interfaceName in the pod: {@code eth0}
 * @param hostInterface the host's end of the pair, empty when the network has none
 * @param mac as {@code 0a:58:0a:58:00:02}
 * @param mtu in bytes
 */
public record PodAddresses(
    List<InetAddress> all,
    List<InetAddress> gateways,
    String interfaceName,
    String hostInterface,
    String mac,
    int mtu) {
  public PodAddresses {
    all = List.copyOf(all);
    gateways = List.copyOf(gateways);
  }

  /** The addresses as text, in {@link #all}'s order. */
  public List<String> texts() {
    return all.stream().map(IpText::format).toList();
  }
}
