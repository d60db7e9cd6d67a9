package io.crema.cni;

import io.crema.cni.ipam.AddressBook.Assigned;
import io.crema.cni.ipam.Cidr;
import io.crema.cni.ipam.IpText;
import io.crema.cni.netlink.Link;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.netlink.Rtnetlink;
import io.crema.cni.nft.HostPort;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Pods' interfaces whose record is lost or damaged, and what the kernel tells of them: the pod's
 * addresses by its namespace's number, its host ports by our table's maps.
 */
final class Leftovers {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  /**
   * An interface without a record.
   *
   * @param link the host's end
   * @param addresses the pod's, empty when they can't be learnt
   */
  record Stray(Link link, List<Assigned> addresses, List<PortMapping> ports) {
    /** How it is called until its sandbox is known. */
    String name() {
      return link.name();
    }

    /** The record that is missing; the pod's name is known to nobody here. */
    Attachment attachment(String bootId, String sandboxId, long sequence) {
      return new Attachment(
          Attachment.VERSION,
          bootId,
          sandboxId,
          "of sandbox " + sandboxId,
          sequence,
          link.name(),
          Macs.text(Macs.of(addresses.getFirst().address())),
          link.mtu(),
          addresses.stream().map(Attachment.Address::of).toList(),
          ports);
    }
  }

  private Leftovers() {}

  /** Asks the kernel about {@code links}, the host's ends. */
  static List<Stray> learn(Collection<Link> links, Collection<HostPort> inKernel) {
    List<Stray> out = new ArrayList<>();
    for (Link link : links) {
      List<Assigned> addresses = addresses(link);
      List<InetAddress> own = addresses.stream().map(Assigned::address).toList();
      List<PortMapping> ports =
          inKernel.stream()
              .filter(p -> own.contains(p.podAddress()))
              .map(Leftovers::mapping)
              .toList();
      out.add(new Stray(link, addresses, ports));
    }
    return out;
  }

  private static List<Assigned> addresses(Link link) {
    if (link.peerNamespace() < 0) {
      return List.of();
    }
    try (NetlinkSocket socket = NetlinkSocket.strictRoute()) {
      List<Assigned> out = new ArrayList<>();
      for (var a : Rtnetlink.addresses(socket, link.peerNamespace(), link.peer())) {
        Cidr network = new Cidr(a.address(), a.prefix());
        if (network.hostBits() >= 2) {
          out.add(new Assigned(a.address(), a.prefix(), network.address(1)));
        }
      }
      out.sort(Comparator.comparing(a -> !(a.address() instanceof Inet4Address)));
      return List.copyOf(out);
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "the addresses of the pod behind {0} can't be learnt: {1}",
          link.name(),
          e.getMessage());
      return List.of();
    }
  }

  private static PortMapping mapping(HostPort p) {
    Protocol protocol = Protocol.TCP;
    for (Protocol known : Protocol.values()) {
      if (known.number() == p.protocol()) {
        protocol = known;
      }
    }
    String any = p.podAddress() instanceof Inet4Address ? "0.0.0.0" : "::";
    String host = p.hostAddress() == null ? any : IpText.format(p.hostAddress());
    return new PortMapping(protocol, p.podPort(), p.hostPort(), host);
  }
}
