package io.crema.cni;

import io.crema.cni.NetworkException.Kind;
import io.crema.cni.netlink.Link;
import io.crema.cni.plugin.AttachmentCache;
import io.crema.cni.plugin.CachedAttachment;
import io.crema.cni.plugin.CniResult;
import io.crema.cni.plugin.NetworkList;
import io.crema.cni.plugin.PluginChain;
import io.crema.cni.plugin.PluginRunner;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Pod networks by standard CNI plugins, as the first configuration of a directory says.
 *
 * <p>The order of every attachment: record it, pin the namespace, ADD, record the result; a
 * detachment is DEL, with the configuration and the result that the record has, and the record goes
 * last. What fails on the way is followed by DEL; a record stays until a DEL has succeeded.
 */
public final class CniNetwork implements PodNetwork {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final String KIND = "cniCacheV1";

  private final ConfWatch configuration;
  private final PluginChain plugins;
  private final AttachmentCache cache;
  private final NetnsPins pins;
  private final KeyedLocks locks = new KeyedLocks();

  private CniNetwork(
      ConfWatch configuration, PluginChain plugins, AttachmentCache cache, NetnsPins pins) {
    this.configuration = configuration;
    this.plugins = plugins;
    this.cache = cache;
    this.pins = pins;
  }

  /**
   * Takes up what an earlier daemon left.
   *
   * @param stateDir durable: attachments
   * @param runDir gone at reboot: the files of running calls
   */
  public static CniNetwork open(CniConfig config, Path stateDir, Path runDir)
      throws NetworkException {
    try {
      AttachmentCache cache = new AttachmentCache(stateDir.resolve("results"));
      PluginRunner runner = new PluginRunner(config.binDirs(), runDir.resolve("calls"));
      return new CniNetwork(
          ConfWatch.open(config.confDir()),
          new PluginChain(runner, config.timeout()),
          cache,
          new NetnsPins(config.netnsDir()));
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "open the state of CNI networks: " + e.getMessage(), e);
    }
  }

  /** Whether a configuration is there, good or not. */
  boolean isConfigured() {
    return configuration.isPresent();
  }

  /** Whether the sandbox is attached, or was being attached, by plugins. */
  boolean knows(String sandboxId) {
    return cache.get(sandboxId).isPresent();
  }

  @Override
  public PodAddresses attach(PodAttachment request) throws NetworkException, InterruptedException {
    String id = request.sandboxId();
    try (KeyedLocks.Held _ = locks.lock(id)) {
      Optional<CachedAttachment> before = cache.get(id);
      if (before.isPresent()) {
        if (before.get().result() != null && holds(before.get())) {
          return addresses(before.get());
        }
        release(before.get());
      }
      return attachNew(request);
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM,
          "attach pod %s/%s: %s"
              .formatted(request.podNamespace(), request.podName(), e.getMessage()),
          e);
    }
  }

  /** Whether the plugins still find what they made. */
  private boolean holds(CachedAttachment a) throws InterruptedException {
    try {
      plugins.check(a);
      return true;
    } catch (NetworkException e) {
      LOG.log(Level.WARNING, "pod {0} is attached anew: {1}", a.pod(), e.getMessage());
      return false;
    }
  }

  private PodAddresses attachNew(PodAttachment request)
      throws NetworkException, IOException, InterruptedException {
    String id = request.sandboxId();
    NetworkList network = configuration.current();
    CachedAttachment asked = record(request, network);
    cache.write(asked, true);
    boolean done = false;
    try {
      pins.pin(id, request.netns());
      PodInterfaces.loopback(request.netns());
      CachedAttachment added = plugins.add(asked);
      PodAddresses addresses = addresses(added);
      cache.write(added, false);
      done = true;
      return addresses;
    } finally {
      if (!done) {
        undo(asked);
      }
    }
  }

  private CachedAttachment record(PodAttachment request, NetworkList network)
      throws NetworkException {
    try {
      return new CachedAttachment(
          KIND,
          request.sandboxId(),
          network.toJson().getBytes(StandardCharsets.UTF_8),
          PodInterfaces.IN_POD,
          network.name(),
          pins.path(request.sandboxId()).toString(),
          CapabilityArgs.names(request),
          CapabilityArgs.of(request),
          null,
          request.podNamespace() + "/" + request.podName());
    } catch (IllegalArgumentException e) {
      throw new NetworkException(Kind.INVALID, String.valueOf(e.getMessage()), e);
    }
  }

  /** DEL after an ADD that failed; when it fails too, the record stays for the next try. */
  private void undo(CachedAttachment a) throws InterruptedException {
    try {
      release(a);
    } catch (NetworkException | IOException e) {
      LOG.log(
          Level.WARNING,
          "pod {0}: what its network''s plugins had begun is not undone yet: {1}",
          a.pod(),
          e.getMessage());
    }
  }

  private static PodAddresses addresses(CachedAttachment a) throws NetworkException {
    try {
      CniResult result = CniResult.parse(Objects.requireNonNull(a.result()), a.ifName());
      List<InetAddress> gateways =
          result.addresses().stream()
              .map(CniResult.Address::gateway)
              .filter(Objects::nonNull)
              .toList();
      return new PodAddresses(
          result.addresses().stream().map(CniResult.Address::address).toList(),
          gateways,
          a.ifName(),
          "",
          result.mac(),
          result.mtu());
    } catch (IllegalArgumentException e) {
      throw new NetworkException(
          Kind.SYSTEM, "CNI network " + a.networkName() + ": " + e.getMessage(), e);
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
      Optional<CachedAttachment> a = cache.get(sandboxId);
      if (a.isPresent()) {
        release(a.get());
      }
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "detach sandbox " + sandboxId + ": " + e.getMessage(), e);
    }
  }

  private void release(CachedAttachment a)
      throws NetworkException, IOException, InterruptedException {
    plugins.del(a, pins.isPinned(a.containerId()) ? a.netns() : "");
    pins.unpin(a.containerId());
    cache.delete(a);
  }

  @Override
  public void reconcile(Set<String> liveSandboxIds) throws NetworkException, InterruptedException {
    for (CachedAttachment a : cache.all()) {
      if (!liveSandboxIds.contains(a.containerId())) {
        LOG.log(Level.INFO, "free the network of pod {0}, which is gone", a.pod());
        try (KeyedLocks.Held _ = locks.lock(a.containerId())) {
          undo(a);
        }
      }
    }
    Optional<NetworkList> network = configuration.ifGood();
    if (network.isPresent()) {
      String name = network.get().name();
      try {
        plugins.collect(
            network.get(), cache.all().stream().filter(a -> a.networkName().equals(name)).toList());
      } catch (NetworkException e) { // what is live has its network all the same
        LOG.log(Level.WARNING, "what other pods left in network {0}: {1}", name, e.getMessage());
      }
    }
  }

  @Override
  public Optional<PodAddresses> addresses(String sandboxId) {
    Optional<CachedAttachment> a = cache.get(sandboxId).filter(c -> c.result() != null);
    try {
      return a.isEmpty() ? Optional.empty() : Optional.of(addresses(a.get()));
    } catch (NetworkException e) {
      LOG.log(Level.WARNING, "sandbox {0}: {1}", sandboxId, e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public Optional<InterfaceStats> stats(String sandboxId) throws NetworkException {
    try {
      if (!knows(sandboxId) || !pins.isPinned(sandboxId)) {
        return Optional.empty();
      }
      try (Fd netns = pins.open(sandboxId)) {
        Optional<Link> link = PodInterfaces.inPod(netns);
        return link.flatMap(PodStatsReader::own);
      }
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "counters of sandbox " + sandboxId + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  @Override
  public NetworkStatus status() {
    try {
      plugins.status(configuration.current());
      return NetworkStatus.ok();
    } catch (NetworkException e) {
      return NetworkStatus.notReady("CniNotReady", String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NetworkStatus.notReady("CniNotReady", "the question was given up");
    }
  }

  /** Plugins have their networks from their configuration or their own servers. */
  @Override
  public void updatePodCidr(String cidrs) {
    LOG.log(Level.DEBUG, "pod CIDR {0} is left to the CNI plugins", cidrs);
  }

  @Override
  public void close() {
    configuration.close();
  }

  /**
   * Where configurations, programs and namespaces' names are.
   *
   * @param binDirs the first that has a program wins
   * @param timeout of each plugin's run
   */
  public record CniConfig(Path confDir, List<Path> binDirs, Path netnsDir, Duration timeout) {
    /** How long a plugin may take: less than half of what the kubelet waits for a sandbox. */
    public static final Duration TIMEOUT = Duration.ofSeconds(110);

    /** Where namespaces' names are, as with other runtimes. */
    public static final Path NETNS = Path.of("/run/netns");

    public CniConfig {
      binDirs = List.copyOf(binDirs);
    }
  }
}
