package io.crema.cni;

import io.crema.cni.ipam.AddressBook.Assigned;
import io.crema.cni.ipam.Cidr;
import io.crema.cni.ipam.IpText;
import java.util.List;
import java.util.Objects;

/**
 * What is durably known of an attached pod.
 *
 * @param version of this format
 * @param bootId of the kernel that ran; under another one nothing of it exists
 * @param pod namespace and name, for messages
 * @param sequence counts attachments, so that addresses go on in turn after a restart
 */
record Attachment(
    int version,
    String bootId,
    String sandboxId,
    String pod,
    long sequence,
    String hostInterface,
    String mac,
    int mtu,
    List<Address> addresses,
    List<PortMapping> ports) {
  /** The format that this daemon writes. */
  static final int VERSION = 1;

  /** An address as text. */
  record Address(String address, int prefix, String gateway) {
    Address {
      if (Cidr.parseAddress(address).getClass() != Cidr.parseAddress(gateway).getClass()) {
        throw new IllegalArgumentException(address + " and " + gateway + " differ in family");
      }
    }

    static Address of(Assigned a) {
      return new Address(IpText.format(a.address()), a.prefix(), IpText.format(a.gateway()));
    }

    Assigned parsed() {
      return new Assigned(Cidr.parseAddress(address), prefix, Cidr.parseAddress(gateway));
    }
  }

  Attachment {
    if (version > VERSION) {
      throw new IllegalArgumentException(
          "has version " + version + "; this Crema reads up to " + VERSION);
    }
    Objects.requireNonNull(bootId, "bootId");
    Objects.requireNonNull(sandboxId, "sandboxId");
    Objects.requireNonNull(pod, "pod");
    Objects.requireNonNull(hostInterface, "hostInterface");
    Objects.requireNonNull(mac, "mac");
    addresses = List.copyOf(addresses);
    ports = List.copyOf(ports);
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("names no address");
    }
  }

  List<Assigned> assigned() {
    return addresses.stream().map(Address::parsed).toList();
  }

  PodAddresses toPodAddresses(String interfaceName) {
    List<Assigned> all = assigned();
    return new PodAddresses(
        all.stream().map(Assigned::address).toList(),
        all.stream().map(Assigned::gateway).toList(),
        interfaceName,
        hostInterface,
        mac,
        mtu);
  }
}
