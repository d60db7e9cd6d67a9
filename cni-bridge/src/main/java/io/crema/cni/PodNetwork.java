package io.crema.cni;

import java.util.Optional;
import java.util.Set;

/**
 * Attaches pods to a network. Every method may be called from many threads at once.
 *
 * <p>Order of calls: {@link #reconcile} once when the daemon has read its records, before the first
 * {@link #attach}. At a pod's end {@link #detach}, then drop the network namespace (or the other
 * way round): the network never waits for the kernel to take the namespace apart, it keeps the
 * addresses out of use until that has happened.
 */
public interface PodNetwork extends AutoCloseable {
  /**
   * Gives the pod's namespace its loopback, interface, addresses, routes and host ports.
   *
   * <p>Idempotent per sandbox id: an attached sandbox gets the same answer again. On failure
   * nothing of the attachment remains.
   */
  PodAddresses attach(PodAttachment request) throws NetworkException, InterruptedException;

  /**
   * Only brings loopback up in a namespace: for pods that have a network namespace but no network.
   */
  void loopback(io.crema.runtime.linux.Fd netns) throws NetworkException, InterruptedException;

  /**
   * Takes host ports and addresses back. Idempotent; unknown ids are fine, and so is a namespace
   * that is gone. The interface goes with the namespace, which the caller drops.
   */
  void detach(String sandboxId) throws NetworkException, InterruptedException;

  /**
   * Frees everything that belongs to none of these sandboxes: what a crash left, interfaces
   * included.
   */
  void reconcile(Set<String> liveSandboxIds) throws NetworkException, InterruptedException;

  /** What an attached sandbox has; empty when it isn't attached. */
  Optional<PodAddresses> addresses(String sandboxId);

  /** Counters of the pod's interface; empty when it isn't attached or its interface is gone. */
  Optional<InterfaceStats> stats(String sandboxId) throws NetworkException;

  /** Whether pods can be attached; cheap. */
  NetworkStatus status();

  /**
   * Changes where addresses of new pods come from; pods that run keep theirs. Kept over restarts.
   *
   * @param cidrs one CIDR, or one of each family separated by a comma, as the kubelet sends them
   */
  void updatePodCidr(String cidrs) throws NetworkException, InterruptedException;

  /** Gives up sockets and threads; attached pods keep their network. */
  @Override
  void close();
}
