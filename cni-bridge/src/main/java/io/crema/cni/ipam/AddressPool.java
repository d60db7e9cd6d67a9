package io.crema.cni.ipam;

import java.net.InetAddress;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one network, given out in turn: an address that was freed comes again only when
 * all behind it have had theirs.
 *
 * <p>The first address is the gateway's. Of a network larger than a million addresses the first
 * million are used. Not thread-safe.
 */
final class AddressPool {
  private static final int MOST_BITS = 20;

  private final Cidr cidr;
  private final int first = 2; // behind the network's own (IPv6: all routers') and the gateway's
  private final int end;
  private final BitSet used = new BitSet();
  private int cursor = first;
  private int count;

  AddressPool(Cidr cidr) {
    this.cidr = cidr;
    if (cidr.hostBits() < 2) {
      throw new IllegalArgumentException("pod CIDR " + cidr + " has no address for a pod");
    }
    int size = 1 << Math.min(cidr.hostBits(), MOST_BITS);
    boolean broadcast = cidr.isIpv4() && cidr.hostBits() <= MOST_BITS;
    this.end = broadcast ? size - 1 : size;
  }

  Cidr cidr() {
    return cidr;
  }

  InetAddress gateway() {
    return cidr.address(1);
  }

  /** The next free address, now in use; null when there is none. */
  @Nullable InetAddress take() {
    int offset = used.nextClearBit(cursor);
    if (offset >= end) {
      offset = used.nextClearBit(first);
      if (offset >= end) {
        return null;
      }
    }
    used.set(offset);
    count++;
    cursor = offset + 1;
    return cidr.address(offset);
  }

  /** Marks an address as in use and goes on behind it; false if it was in use or isn't a pod's. */
  boolean mark(InetAddress address) {
    int offset = cidr.offset(address);
    if (offset < first || offset >= end || used.get(offset)) {
      return false;
    }
    used.set(offset);
    count++;
    cursor = offset + 1;
    return true;
  }

  /** Frees an address; false if it isn't one in use. */
  boolean release(InetAddress address) {
    int offset = cidr.offset(address);
    if (offset < first || offset >= end || !used.get(offset)) {
      return false;
    }
    used.clear(offset);
    count--;
    return true;
  }

  int inUse() {
    return count;
  }

  int capacity() {
    return end - first;
  }
}
