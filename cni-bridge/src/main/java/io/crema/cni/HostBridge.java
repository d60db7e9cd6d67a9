package io.crema.cni;

import io.crema.cni.NetworkException.Kind;
import io.crema.cni.ipam.AddressBook.Assigned;
import io.crema.cni.ipam.Cidr;
import io.crema.cni.ipam.IpText;
import io.crema.cni.netlink.Link;
import io.crema.cni.netlink.NetlinkBatch;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Route;
import io.crema.cni.netlink.Rtnetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The host's side: the bridge, its addresses, and the kernel parameters that it needs. */
final class HostBridge {
  private static final int DEFAULT_MTU = 1500;

  private final String name;
  private final int index;
  private final int mtu;

  private HostBridge(String name, int index, int mtu) {
    this.name = name;
    this.index = index;
    this.mtu = mtu;
  }

  String name() {
    return name;
  }

  int index() {
    return index;
  }

  int mtu() {
    return mtu;
  }

  /** Makes the bridge, or takes up the one that is there. */
  static HostBridge open(NetlinkSocket socket, BridgeConfig config, List<Assigned> gateways)
      throws NetworkException, IOException {
    List<Link> links = Rtnetlink.links(socket);
    List<Route> routes = Rtnetlink.routes(socket);
    Optional<Link> present = named(links, config.bridge());
    if (present.isPresent() && !present.get().kind().equals("bridge")) {
      throw new NetworkException(
          Kind.CONFLICT,
          "interface %s is there already and isn't a bridge%s: give Crema's bridge another name"
              .formatted(
                  config.bridge(),
                  present.get().kind().isEmpty() ? "" : " but of kind " + present.get().kind()));
    }
    int mtu = config.mtu() != 0 ? config.mtu() : mtuOfDefaultRoute(links, routes);
    NetlinkBatch b = new NetlinkBatch();
    Rtnetlink.createBridge(b, config.bridge(), Macs.of(gateways.getFirst().address()), mtu);
    Rtnetlink.getLink(b, config.bridge(), false);
    Link link =
        Rtnetlink.link(socket.exchange(b))
            .orElseThrow(() -> new IOException("bridge " + config.bridge() + " isn't there"));
    NetlinkBatch change = new NetlinkBatch();
    if (!link.up()) {
      Rtnetlink.setUp(change, link.index(), config.bridge());
    }
    if (link.mtu() != mtu) {
      Rtnetlink.setMtu(change, link.index(), config.bridge(), mtu);
    }
    socket.exchange(change);
    HostBridge bridge = new HostBridge(config.bridge(), link.index(), mtu);
    bridge.setParameters(gateways);
    bridge.addGateways(socket, gateways);
    return bridge;
  }

  private static Optional<Link> named(List<Link> links, String name) {
    return links.stream().filter(l -> l.name().equals(name)).findFirst();
  }

  private static int mtuOfDefaultRoute(List<Link> links, List<Route> routes) {
    for (Route r : routes) {
      if (r.destination() == null) {
        for (Link l : links) {
          if (l.index() == r.interfaceIndex() && l.mtu() >= 1280) {
            return Math.min(l.mtu(), 65535);
          }
        }
      }
    }
    return DEFAULT_MTU;
  }

  private void setParameters(List<Assigned> gateways) throws NetworkException {
    for (Assigned g : gateways) {
      if (g.address().getAddress().length == 4) {
        Sysctl.ensure("net/ipv4/ip_forward", "1", "pods reach the outside by IPv4");
        Sysctl.ensure(
            "net/ipv4/conf/" + name + "/route_localnet",
            "1",
            "host ports answer on 127.0.0.1 (the table's guard keeps pods from using it)");
      } else {
        Sysctl.ensure("net/ipv6/conf/" + name + "/disable_ipv6", "0", "pods have IPv6 addresses");
        Sysctl.ensure(
            "net/ipv6/conf/" + name + "/accept_ra",
            "0",
            "a pod must not advertise routes to the host");
        Sysctl.forwardIpv6();
      }
    }
  }

  private void addGateways(NetlinkSocket socket, List<Assigned> gateways) throws IOException {
    NetlinkBatch b = new NetlinkBatch();
    for (Assigned g : gateways) {
      Rtnetlink.addAddress(b, index, name, g.address(), g.prefix());
      if (g.address().getAddress().length == 16) {
        Rtnetlink.addLoopbackRoute(b, index); // host ports answer on [::1]
      }
    }
    socket.exchange(b);
  }

  /** Gives the bridge the gateways of further networks. */
  void addNetworks(NetlinkSocket socket, List<Assigned> gateways)
      throws NetworkException, IOException {
    setParameters(gateways);
    addGateways(socket, gateways);
  }

  /**
   * Refuses networks that the host reaches elsewhere: a route to the same network or to a part of
   * it. A wider route is fine, as to a whole cluster's.
   */
  static void refuseConflicts(NetlinkSocket socket, String bridge, List<Cidr> cidrs)
      throws NetworkException, IOException {
    List<Link> links = Rtnetlink.links(socket);
    int own = named(links, bridge).map(Link::index).orElse(-1);
    for (Route r : Rtnetlink.routes(socket)) {
      InetAddress destination = r.destination();
      if (destination == null || r.interfaceIndex() == own) {
        continue;
      }
      for (Cidr cidr : cidrs) {
        if (cidr.prefix() <= r.prefix() && cidr.contains(destination)) {
          String through =
              links.stream()
                  .filter(l -> l.index() == r.interfaceIndex())
                  .map(l -> " through interface " + l.name())
                  .findFirst()
                  .orElse("");
          throw new NetworkException(
              Kind.CONFLICT,
              "pod CIDR %s: the host has a route to %s/%d%s; choose another pod CIDR"
                  .formatted(
                      cidr,
                      IpText.format(Objects.requireNonNull(destination)),
                      r.prefix(),
                      through));
        }
      }
    }
  }
}
