package io.crema.cni;

import io.crema.runtime.linux.Fd;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** The built-in network: a bridge, veth pairs, one nftables table; by netlink alone. */
public final class BridgeNetwork implements PodNetwork {
  private BridgeNetwork() {}

  /**
   * Takes up what an earlier daemon left; makes the bridge and the table.
   *
   * @param stateDir durable: the pod CIDR that was set last
   * @param runDir gone at reboot: the attachments
   */
  public static BridgeNetwork open(BridgeConfig config, Path stateDir, Path runDir)
      throws NetworkException, InterruptedException {
    return new BridgeNetwork();
  }

  @Override
  public PodAddresses attach(PodAttachment request) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public void loopback(Fd netns) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public void detach(String sandboxId) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public void reconcile(Set<String> liveSandboxIds) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public Optional<PodAddresses> addresses(String sandboxId) {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public Optional<InterfaceStats> stats(String sandboxId) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public NetworkStatus status() {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public void updatePodCidr(String cidrs) throws NetworkException {
    throw new UnsupportedOperationException("being built");
  }

  @Override
  public void close() {}
}
