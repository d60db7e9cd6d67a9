package io.crema.cni;

import io.crema.cni.Leftovers.Stray;
import io.crema.cni.NetworkException.Kind;
import io.crema.cni.ipam.AddressBook;
import io.crema.cni.ipam.AddressBook.Assigned;
import io.crema.cni.ipam.Cidr;
import io.crema.cni.netlink.Link;
import io.crema.cni.netlink.LinkMonitor;
import io.crema.cni.netlink.Rtnetlink;
import io.crema.cni.nft.ForwardRules;
import io.crema.cni.nft.HostPort;
import io.crema.cni.nft.PodTable;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The built-in network: a bridge, veth pairs, one nftables table; by netlink alone.
 *
 * <p>The order of every attachment: reserve ports and addresses in memory, record them, make the
 * interface, make the ports work; a detachment goes the other way. Whatever instant the daemon dies
 * at, the record names all that may exist. An interface without a record belongs to a sandbox that
 * lives, and then its record was lost, or to nobody.
 */
public final class BridgeNetwork implements PodNetwork {
  private static final Logger LOG = System.getLogger("io.crema.cni");

  /** Where attachments are below the run directory. */
  static final String ATTACHMENTS = "attachments";

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** An attached pod; {@code index} is of the host's end, 0 when that is gone. */
  private record Active(Attachment attachment, int index, boolean complete) {}

  private final BridgeConfig config;
  private final PodCidrFile cidrFile;
  private final AttachmentStore store;
  private final String bootId;
  private final AddressBook book;
  private final PodInterfaces interfaces;
  private final HostPorts ports;
  private final HostBridge bridge;
  private final LinkMonitor monitor;
  private final KeyedLocks locks = new KeyedLocks();
  private final Map<String, Active> active = new ConcurrentHashMap<>();
  private final Map<String, Stray> strays = new ConcurrentHashMap<>(); // by interface
  private final AtomicLong sequence = new AtomicLong();
  private volatile List<Cidr> cidrs;

  private BridgeNetwork(
      BridgeConfig config,
      PodCidrFile cidrFile,
      AttachmentStore store,
      String bootId,
      List<Cidr> cidrs,
      AddressBook book,
      PodInterfaces interfaces,
      HostPorts ports,
      HostBridge bridge,
      LinkMonitor monitor) {
    this.config = config;
    this.cidrFile = cidrFile;
    this.store = store;
    this.bootId = bootId;
    this.cidrs = cidrs;
    this.book = book;
    this.interfaces = interfaces;
    this.ports = ports;
    this.bridge = bridge;
    this.monitor = monitor;
  }

  /**
   * Takes up what an earlier daemon left; makes the bridge and the table.
   *
   * @param stateDir durable: the pod CIDR that was set last
   * @param runDir gone at reboot: the attachments
   */
  public static BridgeNetwork open(BridgeConfig config, Path stateDir, Path runDir)
      throws NetworkException, InterruptedException {
    Unwind undo = new Unwind();
    try {
      String bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      PodCidrFile cidrFile = new PodCidrFile(stateDir);
      List<Cidr> cidrs = usable(parse(cidrFile.read().orElse(config.podCidr())));
      AttachmentStore store = new AttachmentStore(runDir.resolve(ATTACHMENTS), bootId);
      AddressBook book = new AddressBook(cidrs);
      PodInterfaces interfaces = undo.closes(new PodInterfaces());
      HostPorts ports =
          undo.closes(
              new HostPorts(
                  new PodTable(config.table(), config.bridge()),
                  new ForwardRules(config.bridge())));
      HostBridge bridge =
          interfaces.host(
              socket -> {
                HostBridge.refuseConflicts(socket, config.bridge(), cidrs);
                return HostBridge.open(socket, config, book.gateways());
              });
      LinkMonitor monitor =
          undo.closes(
              LinkMonitor.open(
                  book::interfaceRemoved, () -> book.interfacesPresent(indexes(interfaces))));
      BridgeNetwork network =
          new BridgeNetwork(
              config, cidrFile, store, bootId, cidrs, book, interfaces, ports, bridge, monitor);
      network.takeUp();
      undo.keep();
      return network;
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM,
          "set up the pod network on bridge " + config.bridge() + ": " + e.getMessage(),
          e);
    } finally {
      undo.close();
    }
  }

  private static List<Cidr> parse(String text) throws NetworkException {
    try {
      return Cidr.parseDual(text);
    } catch (IllegalArgumentException e) {
      throw new NetworkException(Kind.INVALID, "pod CIDR " + e.getMessage(), e);
    }
  }

  /** Without IPv6 where the kernel has none. */
  private static List<Cidr> usable(List<Cidr> cidrs) throws NetworkException {
    if (Sysctl.hasIpv6()) {
      return cidrs;
    }
    List<Cidr> ipv4 = cidrs.stream().filter(Cidr::isIpv4).toList();
    if (ipv4.isEmpty()) {
      throw new NetworkException(
          Kind.INVALID, "pod CIDR " + cidrs + ": this kernel has no IPv6; give an IPv4 network");
    }
    return ipv4;
  }

  private static Set<Integer> indexes(PodInterfaces interfaces) {
    try {
      return interfaces.host(Rtnetlink::links).stream()
          .map(Link::index)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new IllegalStateException("list links after notices of them were lost", e);
    }
  }

  /** What an earlier daemon recorded, and what it left without a record that can be read. */
  private void takeUp() throws IOException, NetworkException {
    Map<String, Link> links = new HashMap<>();
    for (Link l : interfaces.host(Rtnetlink::links)) {
      links.put(l.name(), l);
    }
    for (Attachment a : store.load()) {
      Link link = links.remove(a.hostInterface());
      int index = link == null ? 0 : link.index();
      hold(a.pod(), index, a.assigned());
      sequence.accumulateAndGet(a.sequence(), Math::max);
      restorePorts(a.sandboxId(), a.pod(), a.ports(), a.assigned());
      active.put(a.sandboxId(), new Active(a, index, false));
    }
    links.values().removeIf(l -> l.master() != bridge.index() || !PodInterfaces.isOurs(l));
    if (!links.isEmpty()) {
      for (Stray s : Leftovers.learn(links.values(), ports.inKernel())) {
        hold(s.name(), s.link().index(), s.addresses());
        restorePorts(s.name(), "behind interface " + s.name(), s.ports(), s.addresses());
        strays.put(s.name(), s);
      }
    }
    book.interfacesPresent(indexes(interfaces)); // some may have gone since they were listed
    ports.rebuild(podNetworks(cidrs));
  }

  private void hold(String what, int index, List<Assigned> addresses) {
    if (index != 0) {
      book.interfaceMade(index);
    }
    if (!book.restore(addresses)) {
      LOG.log(Level.WARNING, "an address of pod {0} is another''s as well: {1}", what, addresses);
    }
  }

  /** Ports that can't be had any more are no reason to take up nothing. */
  private void restorePorts(
      String id, String pod, List<PortMapping> mappings, List<Assigned> addresses) {
    try {
      ports.restore(id, pod, HostPorts.resolve(mappings, addressesOf(addresses)));
    } catch (NetworkException e) {
      LOG.log(Level.WARNING, "pod {0} goes on without its host ports: {1}", pod, e.getMessage());
    }
  }

  private static List<InetAddress> addressesOf(List<Assigned> assigned) {
    return assigned.stream().map(Assigned::address).toList();
  }

  /** Where pods' addresses may lie, without overlaps. */
  private Set<Cidr> podNetworks(List<Cidr> current) {
    Set<Cidr> all = new LinkedHashSet<>(current);
    Stream.concat(
            active.values().stream().flatMap(a -> a.attachment().assigned().stream()),
            strays.values().stream().flatMap(s -> s.addresses().stream()))
        .forEach(address -> all.add(new Cidr(address.address(), address.prefix())));
    return all.stream()
        .filter(
            c ->
                all.stream()
                    .noneMatch(o -> !o.equals(c) && o.prefix() < c.prefix() && o.overlaps(c)))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  @Override
  public PodAddresses attach(PodAttachment request) throws NetworkException, InterruptedException {
    try (KeyedLocks.Held _ = locks.lock(request.sandboxId())) {
      Active before = active.get(request.sandboxId());
      if (before != null) {
        Optional<PodAddresses> again = again(before, request.netns());
        if (again.isPresent()) {
          return again.get();
        }
        release(before);
      }
      return attachNew(request);
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "attach pod " + name(request) + ": " + e.getMessage(), e);
    }
  }

  private static String name(PodAttachment request) {
    return request.podNamespace() + "/" + request.podName();
  }

  /** The answer for a pod that is attached; empty when its interface is gone. */
  private Optional<PodAddresses> again(Active before, Fd netns)
      throws IOException, InterruptedException {
    Attachment a = before.attachment();
    Optional<Link> link = interfaces.find(a.hostInterface(), false);
    if (link.isEmpty() || link.get().index() != before.index()) {
      return Optional.empty();
    }
    if (!before.complete()) { // an earlier daemon's: it may have died before it was done
      PodInterfaces.configure(netns, link.get().peer(), a.assigned());
      active.put(a.sandboxId(), new Active(a, before.index(), true));
    }
    return Optional.of(a.toPodAddresses(PodInterfaces.IN_POD));
  }

  private PodAddresses attachNew(PodAttachment request)
      throws NetworkException, IOException, InterruptedException {
    String id = request.sandboxId();
    Unwind undo = new Unwind();
    try {
      List<Assigned> assigned = allocate();
      int[] index = {0};
      undo.does(() -> book.release(addressesOf(assigned), index[0]));
      Set<HostPort> hostPorts = HostPorts.resolve(request.ports(), addressesOf(assigned));
      ports.claim(id, name(request), hostPorts);
      undo.does(() -> ports.release(id));
      Attachment a =
          new Attachment(
              Attachment.VERSION,
              bootId,
              id,
              name(request),
              sequence.incrementAndGet(),
              PodInterfaces.hostName(id),
              Macs.text(Macs.of(assigned.getFirst().address())),
              bridge.mtu(),
              assigned.stream().map(Attachment.Address::of).toList(),
              request.ports());
      store.write(a);
      undo.does(() -> store.delete(id));
      index[0] = interfaces.make(bridge, request.netns(), a, !hostPorts.isEmpty());
      book.interfaceMade(index[0]);
      undo.does(
          () -> {
            interfaces.delete(a.hostInterface());
            book.interfaceRemoved(index[0]);
          });
      ports.install(id);
      active.put(id, new Active(a, index[0], true));
      undo.keep();
      return a.toPodAddresses(PodInterfaces.IN_POD);
    } finally {
      undo.close();
    }
  }

  private List<Assigned> allocate() throws NetworkException, InterruptedException {
    try {
      return book.allocate(PATIENCE);
    } catch (AddressBook.ExhaustedException e) {
      throw new NetworkException(Kind.EXHAUSTED, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void loopback(Fd netns) throws NetworkException, InterruptedException {
    try {
      PodInterfaces.loopback(netns);
    } catch (IOException e) {
      throw new NetworkException(Kind.SYSTEM, "set loopback up: " + e.getMessage(), e);
    }
  }

  @Override
  public void detach(String sandboxId) throws NetworkException, InterruptedException {
    try (KeyedLocks.Held _ = locks.lock(sandboxId)) {
      Active a = active.get(sandboxId);
      if (a != null) {
        release(a);
      }
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "detach sandbox " + sandboxId + ": " + e.getMessage(), e);
    }
  }

  /** Ports first, the record last but memory: at each step the record names what is left. */
  private void release(Active a) throws NetworkException, IOException {
    String id = a.attachment().sandboxId();
    ports.release(id);
    store.delete(id);
    active.remove(id);
    book.release(addressesOf(a.attachment().assigned()), a.index());
  }

  @Override
  public void reconcile(Set<String> liveSandboxIds) throws NetworkException, InterruptedException {
    try {
      for (String id : liveSandboxIds) {
        adopt(id);
      }
      for (Stray s : List.copyOf(strays.values())) {
        LOG.log(Level.INFO, "remove interface {0}, which belongs to no sandbox", s.name());
        ports.release(s.name());
        interfaces.delete(s.name());
        strays.remove(s.name());
        book.release(addressesOf(s.addresses()), s.link().index());
      }
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "bring interfaces in line with sandboxes: " + e.getMessage(), e);
    }
    List<String> dead =
        active.keySet().stream().filter(id -> !liveSandboxIds.contains(id)).toList();
    for (String id : dead) {
      try (KeyedLocks.Held _ = locks.lock(id)) {
        Active a = active.get(id);
        if (a != null) {
          LOG.log(Level.INFO, "free the network of sandbox {0}, which is gone", id);
          release(a);
          interfaces.delete(a.attachment().hostInterface());
        }
      } catch (IOException e) {
        throw new NetworkException(
            Kind.SYSTEM, "free the network of sandbox " + id + ": " + e.getMessage(), e);
      }
    }
  }

  /** Writes the record of a live sandbox that has lost it, of what the kernel knows. */
  private void adopt(String id) throws IOException, NetworkException, InterruptedException {
    try (KeyedLocks.Held _ = locks.lock(id)) {
      Stray s = active.containsKey(id) ? null : strays.remove(PodInterfaces.hostName(id));
      if (s == null) {
        return;
      }
      if (s.addresses().isEmpty()) {
        LOG.log(Level.ERROR, "sandbox {0} keeps interface {1}, but isn''t known", id, s.name());
        return;
      }
      Attachment a = s.attachment(bootId, id, sequence.incrementAndGet());
      store.write(a);
      ports.rename(s.name(), id, a.pod());
      active.put(id, new Active(a, s.link().index(), true));
      LOG.log(
          Level.WARNING,
          "the network record of sandbox {0} was lost and is made anew: {1}, ports {2}",
          id,
          a.addresses(),
          a.ports());
    }
  }

  @Override
  public Optional<PodAddresses> addresses(String sandboxId) {
    Active a = active.get(sandboxId);
    return a == null
        ? Optional.empty()
        : Optional.of(a.attachment().toPodAddresses(PodInterfaces.IN_POD));
  }

  @Override
  public Optional<InterfaceStats> stats(String sandboxId) throws NetworkException {
    Active a = active.get(sandboxId);
    if (a == null) {
      return Optional.empty();
    }
    try {
      return interfaces.find(a.attachment().hostInterface(), true).flatMap(PodStatsReader::swapped);
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "counters of sandbox " + sandboxId + ": " + e.getMessage(), e);
    }
  }

  @Override
  public NetworkStatus status() {
    try {
      Optional<Link> link = interfaces.find(bridge.name(), false);
      if (link.isEmpty() || link.get().index() != bridge.index()) {
        return NetworkStatus.notReady(
            "BridgeGone",
            "bridge " + bridge.name() + " was removed: restart crema to make it anew");
      }
      if (!link.get().up()) {
        return NetworkStatus.notReady(
            "BridgeDown", "bridge " + bridge.name() + " was set down: set it up again");
      }
      ports.check();
      return NetworkStatus.ok();
    } catch (IOException | NetworkException e) {
      return NetworkStatus.notReady("NetlinkFailed", String.valueOf(e.getMessage()));
    }
  }

  @Override
  public synchronized void updatePodCidr(String text)
      throws NetworkException, InterruptedException {
    List<Cidr> next = usable(parse(text));
    if (next.equals(cidrs)) {
      return;
    }
    try {
      List<Cidr> before = cidrs;
      interfaces.host(
          socket -> {
            HostBridge.refuseConflicts(socket, bridge.name(), next);
            book.use(next);
            bridge.addNetworks(socket, book.gateways());
            return true;
          });
      Set<Cidr> networks = podNetworks(next);
      networks.addAll(
          before.stream().filter(b -> networks.stream().noneMatch(b::overlaps)).toList());
      ports.rebuild(networks);
      cidrs = next;
      cidrFile.write(text);
      LOG.log(Level.INFO, "new pods get their addresses from {0}", next);
    } catch (IllegalArgumentException e) {
      throw new NetworkException(Kind.CONFLICT, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new NetworkException(Kind.SYSTEM, "use pod CIDR " + text + ": " + e.getMessage(), e);
    } finally {
      if (!cidrs.equals(next)) {
        book.use(cidrs);
      }
    }
  }

  /**
   * Gives up sockets and threads. When no pod is attached, the bridge and the table go too: the
   * host is as it was, but for kernel parameters.
   */
  @Override
  public void close() {
    try {
      if (active.isEmpty() && strays.isEmpty()) {
        book.awaitNoQuarantine(PATIENCE);
        for (Link l : interfaces.host(Rtnetlink::links)) {
          if (l.master() == bridge.index() && PodInterfaces.isOurs(l)) {
            interfaces.delete(l.name());
          }
        }
        interfaces.delete(bridge.name());
        ports.drop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "remove bridge " + bridge.name() + " and its table", e);
    } finally {
      monitor.close();
      ports.close();
      interfaces.close();
    }
  }

  /** Waits until UDP clients follow their host ports, which attach and detach don't. */
  void awaitClients() {
    ports.awaitClients();
  }

  /** Waits until the kernel has removed all interfaces of pods that were detached. */
  boolean awaitQuiet() throws InterruptedException {
    return book.awaitNoQuarantine(PATIENCE);
  }

  /** What the network was opened with. */
  public BridgeConfig config() {
    return config;
  }
}
