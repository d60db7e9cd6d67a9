package io.crema.cni;

import io.crema.cni.NetworkException.Kind;
import io.crema.cni.ipam.Cidr;
import io.crema.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The node's network: standard plugins where they are configured, else the built-in one. Each pod
 * stays with the one that attached it. The built-in network is opened when it is needed first, so
 * that a node with plugins has neither its bridge nor its table.
 */
public final class NodeNetwork implements PodNetwork {
  /** Which networks new pods may get. */
  public enum Mode {
    /** Plugins' when they are configured, else the built-in one. */
    AUTO,
    /** The built-in one, whatever is configured. */
    BRIDGE,
    /** Plugins' only: without a configuration the node isn't ready. */
    CNI
  }

  private final Mode mode;
  private final BridgeConfig bridgeConfig;
  private final CniNetwork cni;
  private final Path stateDir;
  private final Path runDir;
  private volatile @Nullable BridgeNetwork bridge;
  private boolean reconciled; // guarded by this

  private NodeNetwork(
      Mode mode, BridgeConfig bridgeConfig, CniNetwork cni, Path stateDir, Path runDir) {
    this.mode = mode;
    this.bridgeConfig = bridgeConfig;
    this.cni = cni;
    this.stateDir = stateDir;
    this.runDir = runDir;
  }

  /**
   * Takes up what an earlier daemon left.
   *
   * @param stateDir what outlives a reboot
   * @param runDir gone at reboot
   */
  public static NodeNetwork open(
      Mode mode, BridgeConfig bridge, CniNetwork.CniConfig plugins, Path stateDir, Path runDir)
      throws NetworkException, InterruptedException {
    Unwind undo = new Unwind();
    try {
      CniNetwork cni =
          undo.closes(CniNetwork.open(plugins, stateDir.resolve("cni"), runDir.resolve("cni")));
      NodeNetwork network = new NodeNetwork(mode, bridge, cni, stateDir, runDir);
      if (!network.byPlugins() || hasAttachments(runDir)) {
        network.bridge();
      }
      undo.keep();
      return network;
    } catch (IOException e) {
      throw new NetworkException(
          Kind.SYSTEM, "read the network's records in " + runDir + ": " + e.getMessage(), e);
    } finally {
      undo.close();
    }
  }

  private static boolean hasAttachments(Path runDir) throws IOException {
    Path attachments = runDir.resolve(BridgeNetwork.ATTACHMENTS);
    if (!Files.isDirectory(attachments)) {
      return false;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(attachments)) {
      return files.iterator().hasNext();
    }
  }

  private boolean byPlugins() {
    return switch (mode) {
      case AUTO -> cni.isConfigured();
      case BRIDGE -> false;
      case CNI -> true;
    };
  }

  private synchronized BridgeNetwork bridge() throws NetworkException, InterruptedException {
    BridgeNetwork open = bridge;
    if (open == null) {
      open = BridgeNetwork.open(bridgeConfig, stateDir, runDir);
      if (reconciled) { // nobody had attachments then, so that what is left is nobody's
        open.reconcile(Set.of());
      }
      bridge = open;
    }
    return open;
  }

  @Override
  public PodAddresses attach(PodAttachment request) throws NetworkException, InterruptedException {
    BridgeNetwork open = bridge;
    boolean attached = open != null && open.addresses(request.sandboxId()).isPresent();
    return cni.knows(request.sandboxId()) || (byPlugins() && !attached)
        ? cni.attach(request)
        : bridge().attach(request);
  }

  @Override
  public void loopback(Fd netns) throws NetworkException, InterruptedException {
    cni.loopback(netns);
  }

  @Override
  public void detach(String sandboxId) throws NetworkException, InterruptedException {
    cni.detach(sandboxId);
    BridgeNetwork open = bridge;
    if (open != null) {
      open.detach(sandboxId);
    }
  }

  @Override
  public void reconcile(Set<String> liveSandboxIds) throws NetworkException, InterruptedException {
    synchronized (this) {
      reconciled = true;
    }
    cni.reconcile(liveSandboxIds);
    BridgeNetwork open = bridge;
    if (open != null) {
      open.reconcile(liveSandboxIds);
    }
  }

  @Override
  public Optional<PodAddresses> addresses(String sandboxId) {
    BridgeNetwork open = bridge;
    return open == null || cni.knows(sandboxId)
        ? cni.addresses(sandboxId)
        : open.addresses(sandboxId);
  }

  @Override
  public Optional<InterfaceStats> stats(String sandboxId) throws NetworkException {
    BridgeNetwork open = bridge;
    return open == null || cni.knows(sandboxId) ? cni.stats(sandboxId) : open.stats(sandboxId);
  }

  @Override
  public NetworkStatus status() {
    if (byPlugins()) {
      return cni.status();
    }
    try {
      return bridge().status();
    } catch (NetworkException e) {
      return NetworkStatus.notReady("NetworkFailed", String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NetworkStatus.notReady("NetworkFailed", "the question was given up");
    }
  }

  @Override
  public synchronized void updatePodCidr(String cidrs)
      throws NetworkException, InterruptedException {
    BridgeNetwork open = bridge;
    if (open != null) {
      open.updatePodCidr(cidrs);
      return;
    }
    cni.updatePodCidr(cidrs);
    try {
      Cidr.parseDual(cidrs);
      new PodCidrFile(stateDir).write(cidrs); // for the built-in network, should it be needed
    } catch (IllegalArgumentException e) {
      throw new NetworkException(Kind.INVALID, "pod CIDR " + e.getMessage(), e);
    } catch (IOException e) {
      throw new NetworkException(Kind.SYSTEM, "write down pod CIDR " + cidrs, e);
    }
  }

  @Override
  public void close() {
    cni.close();
    BridgeNetwork open = bridge;
    if (open != null) {
      open.close();
    }
  }
}
