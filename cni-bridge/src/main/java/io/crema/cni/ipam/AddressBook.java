package io.crema.cni.ipam;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses are in use, and which wait for the kernel to remove the interface that has them.
 *
 * <p>An address is free again when its pod has given it up <em>and</em> the pod's interface is
 * gone: both may come first. Interfaces are known by the index of their host's end, which the
 * kernel doesn't use again. Thread-safe; nothing here takes long.
 */
public final class AddressBook {
  /** A pod's address with what belongs to it. */
  public record Assigned(InetAddress address, int prefix, InetAddress gateway) {}

  /** No address is free. */
  public static final class ExhaustedException extends Exception {
    private static final long serialVersionUID = 1;

    ExhaustedException(String message) {
      super(message);
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private final List<AddressPool> pools = new ArrayList<>(); // every one that has had a turn
  // Networks of different turns may overlap, so what is taken is known over all of them.
  private final Set<InetAddress> taken = new HashSet<>();
  private final Set<Integer> interfaces = new HashSet<>();
  private final Map<Integer, List<InetAddress>> quarantine = new HashMap<>();
  private List<AddressPool> current = List.of();

  public AddressBook(List<Cidr> cidrs) {
    use(cidrs);
  }

  /**
   * New addresses come from these networks; what is in use stays.
   *
   * @throws IllegalArgumentException if a network is too small, or a pod has its gateway's address
   */
  public void use(List<Cidr> cidrs) {
    lock.lock();
    try {
      for (Cidr cidr : cidrs) {
        if (taken.contains(cidr.address(1))) {
          throw new IllegalArgumentException(
              "the gateway's address of pod CIDR %s, %s, is in use by a pod"
                  .formatted(cidr, IpText.format(cidr.address(1))));
        }
      }
      List<AddressPool> next = new ArrayList<>();
      for (Cidr cidr : cidrs) {
        next.add(pool(cidr));
      }
      current = List.copyOf(next);
      freed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private AddressPool pool(Cidr cidr) {
    for (AddressPool p : pools) {
      if (p.cidr().equals(cidr)) {
        return p;
      }
    }
    AddressPool p = new AddressPool(cidr);
    pools.add(p);
    return p;
  }

  /** The gateways of the networks that new addresses come from. */
  public List<Assigned> gateways() {
    lock.lock();
    try {
      return current.stream()
          .map(p -> new Assigned(p.gateway(), p.cidr().prefix(), p.gateway()))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Marks addresses that a record names; false when one of them was in use already. */
  public boolean restore(List<Assigned> addresses) {
    lock.lock();
    try {
      boolean fresh = true;
      for (Assigned a : addresses) {
        pool(new Cidr(a.address(), a.prefix())).mark(a.address());
        fresh &= taken.add(a.address());
      }
      return fresh;
    } finally {
      lock.unlock();
    }
  }

  /**
   * An address of each family, IPv4 first.
   *
   * @param patience how long to wait for addresses that are in quarantine, when nothing else is
   *     left
   */
  public List<Assigned> allocate(Duration patience)
      throws ExhaustedException, InterruptedException {
    long left = patience.toNanos();
    lock.lockInterruptibly();
    try {
      while (true) {
        List<Assigned> out = new ArrayList<>(2);
        AddressPool empty = null;
        for (AddressPool p : current) {
          InetAddress address = take(p);
          if (address == null) {
            empty = p;
            break;
          }
          out.add(new Assigned(address, p.cidr().prefix(), p.gateway()));
        }
        if (empty == null) {
          return List.copyOf(out);
        }
        for (Assigned a : out) {
          free(a.address());
        }
        if (quarantine.isEmpty() || left <= 0) {
          throw new ExhaustedException(
              "no address is free in pod CIDR %s: %d of %d are in use (%d pods that ended wait for the kernel)"
                  .formatted(empty.cidr(), empty.inUse(), empty.capacity(), quarantine.size()));
        }
        left = freed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private @Nullable InetAddress take(AddressPool pool) {
    while (true) {
      InetAddress address = pool.take();
      if (address == null || (!isGateway(address) && taken.add(address))) {
        return address;
      }
      // Another network's: it stays marked in this pool until it is freed there.
    }
  }

  private boolean isGateway(InetAddress address) {
    return pools.stream().anyMatch(p -> p.gateway().equals(address));
  }

  /** An interface was made (or found); its removal will be told. */
  public void interfaceMade(int index) {
    lock.lock();
    try {
      interfaces.add(index);
    } finally {
      lock.unlock();
    }
  }

  /** The kernel has removed an interface, ours or another. */
  public void interfaceRemoved(int index) {
    lock.lock();
    try {
      if (interfaces.remove(index)) {
        List<InetAddress> waiting = quarantine.remove(index);
        if (waiting != null) {
          waiting.forEach(this::free);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** After notices were lost: these interfaces exist, all others are gone. */
  public void interfacesPresent(Set<Integer> present) {
    lock.lock();
    try {
      for (Integer index : List.copyOf(interfaces)) {
        if (!present.contains(index)) {
          interfaceRemoved(index);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives addresses up; they are free once interface {@code index} is gone, at once if it is or if
   * there never was one (0).
   */
  public void release(List<InetAddress> addresses, int index) {
    lock.lock();
    try {
      if (interfaces.contains(index)) {
        quarantine.merge(
            index,
            List.copyOf(addresses),
            (a, b) -> {
              List<InetAddress> both = new ArrayList<>(a);
              both.addAll(b);
              return both;
            });
      } else {
        addresses.forEach(this::free);
      }
    } finally {
      lock.unlock();
    }
  }

  private void free(InetAddress address) {
    taken.remove(address);
    pools.forEach(p -> p.release(address));
    freed.signalAll();
  }

  /**
   * Waits until no address is in quarantine.
   *
   * @return false if {@code patience} ended first
   */
  public boolean awaitNoQuarantine(Duration patience) throws InterruptedException {
    long left = patience.toNanos();
    lock.lockInterruptibly();
    try {
      while (!quarantine.isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = freed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** How many addresses are in use or in quarantine, over all networks. */
  public int inUse() {
    lock.lock();
    try {
      return taken.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many pods' addresses are in quarantine. */
  public int inQuarantine() {
    lock.lock();
    try {
      return quarantine.size();
    } finally {
      lock.unlock();
    }
  }
}
