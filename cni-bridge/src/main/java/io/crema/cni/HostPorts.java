package io.crema.cni;

import io.crema.cni.NetworkException.Kind;
import io.crema.cni.ipam.Cidr;
import io.crema.cni.ipam.IpText;
import io.crema.cni.netlink.NetlinkSocket;
import io.crema.cni.nft.ForwardRules;
import io.crema.cni.nft.HostPort;
import io.crema.cni.nft.PodTable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which pod has which port of the host, in memory and in the kernel's table.
 *
 * <p>Thread-safe; a lock is held over one transaction, as the kernel holds its own.
 */
final class HostPorts implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  private record Key(int protocol, boolean ipv4, int port) {}

  private record Owner(String sandboxId, String pod) {}

  private final PodTable table;
  private final ForwardRules forward;
  private final UdpClients clients;
  private List<String> blocking = List.of();
  private final NetlinkSocket socket;
  private final Map<Key, Map<@Nullable InetAddress, Owner>> claims = new HashMap<>();
  private final Map<String, Set<HostPort>> bySandbox = new HashMap<>();
  private final Set<String> installed = new LinkedHashSet<>();
  private Collection<Cidr> pods = List.of();
  private boolean loopback6;

  HostPorts(PodTable table, ForwardRules forward) throws IOException {
    this.table = table;
    this.forward = forward;
    this.clients = new UdpClients();
    try {
      this.socket = NetlinkSocket.netfilter();
    } catch (IOException e) {
      clients.close();
      throw e;
    }
  }

  /** The ports of a pod with these addresses. */
  static Set<HostPort> resolve(Collection<PortMapping> mappings, Collection<InetAddress> addresses)
      throws NetworkException {
    Set<HostPort> out = new LinkedHashSet<>();
    for (PortMapping m : mappings) {
      if (m.hostPort() == 0) {
        continue;
      }
      InetAddress host;
      try {
        host = m.hostIp().isEmpty() ? null : Cidr.parseAddress(m.hostIp());
      } catch (IllegalArgumentException e) {
        throw new NetworkException(Kind.INVALID, "host port " + m + ": host IP", e);
      }
      int before = out.size();
      for (InetAddress pod : addresses) {
        if (host == null || (host instanceof Inet4Address) == (pod instanceof Inet4Address)) {
          out.add(
              new HostPort(
                  m.protocol().number(),
                  host == null || host.isAnyLocalAddress() ? null : host,
                  m.hostPort(),
                  pod,
                  m.containerPort()));
        }
      }
      if (host != null && out.size() == before && noneOfFamily(host, addresses)) {
        throw new NetworkException(
            Kind.INVALID,
            "host port "
                + m
                + ": the pod has no address of that family, only "
                + addresses.stream().map(IpText::format).toList());
      }
    }
    return out;
  }

  private static boolean noneOfFamily(InetAddress host, Collection<InetAddress> addresses) {
    return addresses.stream()
        .noneMatch(a -> (a instanceof Inet4Address) == (host instanceof Inet4Address));
  }

  /** Reserves ports; all or none. */
  synchronized void claim(String sandboxId, String pod, Set<HostPort> ports)
      throws NetworkException {
    Owner self = new Owner(sandboxId, pod);
    bySandbox.put(sandboxId, Set.of());
    Set<HostPort> done = new LinkedHashSet<>();
    for (HostPort p : ports) {
      Map<@Nullable InetAddress, Owner> at = claims.computeIfAbsent(key(p), k -> new HashMap<>(2));
      Owner other = conflicting(at, p.hostAddress());
      if (other != null) {
        bySandbox.put(sandboxId, done);
        unclaim(sandboxId);
        throw new NetworkException(Kind.CONFLICT, conflict(p, self, other));
      }
      at.put(p.hostAddress(), self);
      done.add(p);
    }
    bySandbox.put(sandboxId, done);
  }

  private static Key key(HostPort p) {
    return new Key(p.protocol(), p.podAddress() instanceof Inet4Address, p.hostPort());
  }

  /** All addresses and one of them exclude each other, as the Kubernetes scheduler has it. */
  private static @Nullable Owner conflicting(
      Map<@Nullable InetAddress, Owner> at, @Nullable InetAddress host) {
    if (host == null) {
      return at.isEmpty() ? null : at.values().iterator().next();
    }
    Owner all = at.get(null);
    return all != null ? all : at.get(host);
  }

  private static String conflict(HostPort p, Owner self, Owner other) {
    String protocol = "protocol " + p.protocol();
    for (Protocol known : Protocol.values()) {
      if (known.number() == p.protocol()) {
        protocol = known.name();
      }
    }
    String port =
        protocol
            + " host port "
            + p.hostPort()
            + (p.hostAddress() == null ? "" : " of " + IpText.format(p.hostAddress()));
    return other.equals(self)
        ? port + ": pod " + self.pod() + " asks for it twice"
        : port
            + ": pod "
            + other.pod()
            + " (sandbox "
            + other.sandboxId()
            + ") has it already; pod "
            + self.pod()
            + " can't have it too";
  }

  private void unclaim(String sandboxId) {
    Set<HostPort> ports = bySandbox.remove(sandboxId);
    if (ports == null) {
      return;
    }
    for (HostPort p : ports) {
      claims.computeIfPresent(
          key(p),
          (k, at) -> {
            at.remove(p.hostAddress());
            return at.isEmpty() ? null : at;
          });
    }
  }

  /** Makes claimed ports work. */
  synchronized void install(String sandboxId) throws NetworkException {
    Set<HostPort> ports = bySandbox.getOrDefault(sandboxId, Set.of());
    if (ports.isEmpty()) {
      return;
    }
    installed.add(sandboxId);
    try {
      table.add(socket, ports);
    } catch (IOException e) {
      try {
        repair(e);
      } catch (NetworkException failed) {
        installed.remove(sandboxId);
        throw failed;
      }
    }
    clients.redirect(ports);
  }

  /** A claim whose ports are in the kernel's table as soon as that is rebuilt. */
  synchronized void restore(String sandboxId, String pod, Set<HostPort> ports)
      throws NetworkException {
    claim(sandboxId, pod, ports);
    installed.add(sandboxId);
  }

  /** The ports that an earlier daemon's table has. */
  synchronized List<HostPort> inKernel() throws IOException {
    return table.ports(socket);
  }

  /** Gives the ports of {@code from} to {@code to}; the kernel's table has no names. */
  synchronized void rename(String from, String to, String pod) throws NetworkException {
    Set<HostPort> ports = bySandbox.getOrDefault(from, Set.of());
    unclaim(from);
    installed.remove(from);
    restore(to, pod, ports);
  }

  /** Takes ports out of the kernel's table and frees them; unknown ids are fine. */
  synchronized void release(String sandboxId) throws NetworkException {
    Set<HostPort> ports = bySandbox.getOrDefault(sandboxId, Set.of());
    if (installed.remove(sandboxId) && !ports.isEmpty()) {
      try {
        table.remove(socket, ports);
      } catch (IOException e) {
        repair(e);
      }
      clients.redirect(ports);
    }
    unclaim(sandboxId);
  }

  /** Whether the pod has a port of the host. */
  synchronized boolean has(String sandboxId) {
    return !bySandbox.getOrDefault(sandboxId, Set.of()).isEmpty();
  }

  /** Somebody has changed our table (a firewall that was restarted flushes all): make it anew. */
  private void repair(IOException cause) throws NetworkException {
    LOG.log(
        Level.WARNING,
        "the nftables table isn''t as it was left; making it anew: {0}",
        cause.getMessage());
    try {
      write();
    } catch (NetworkException e) {
      e.addSuppressed(cause);
      throw e;
    }
  }

  /** Makes the table anew if somebody has removed it, or changed what ports of [::1] depend on. */
  synchronized void check() throws NetworkException, IOException {
    if (!table.exists(socket)) {
      repair(new IOException("it is gone"));
    } else if (loopback6 == Sysctl.bridgedIpv6PassesFirewall()) {
      write();
    }
    forward();
  }

  /** Sees to it that other firewalls let pods' packets through, or says that they don't. */
  private void forward() throws IOException {
    List<String> now = forward.apply(socket);
    if (!now.equals(blocking) && !now.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "{0} drops forwarded packets by its policy and may keep pods from the network: let it"
              + " accept what comes from and goes to the pods'' bridge",
          String.join(", ", now));
    }
    blocking = now;
  }

  /** Makes the table anew, for pods of these networks. */
  synchronized void rebuild(Collection<Cidr> networks) throws NetworkException {
    pods = List.copyOf(networks);
    write();
    try {
      forward();
    } catch (IOException e) { // pods may still have all that they need
      LOG.log(Level.WARNING, "other firewalls may drop what pods send: " + e.getMessage(), e);
    }
  }

  private void write() throws NetworkException {
    try {
      loopback6 = !Sysctl.bridgedIpv6PassesFirewall();
      table.rebuild(
          socket,
          pods,
          installed.stream().flatMap(id -> bySandbox.getOrDefault(id, Set.of()).stream()).toList(),
          loopback6);
    } catch (IOException e) {
      throw new NetworkException(Kind.SYSTEM, "make the nftables table: " + e.getMessage(), e);
    }
  }

  /** Removes the table, and the rules in others' chains. */
  synchronized void drop() throws IOException {
    forward.remove(socket);
    table.drop(socket);
  }

  /** Waits until UDP clients follow their ports. */
  void awaitClients() {
    clients.await();
  }

  @Override
  public void close() {
    clients.close();
    socket.close();
  }
}
