package io.crema.sandbox.model;

import io.crema.sandbox.SandboxException;

/** One client's view of what happens, from the moment that it subscribed. */
public interface EventSubscription extends AutoCloseable {
  /**
   * Waits for the next event.
   *
   * @throws SandboxException RESOURCE_EXHAUSTED when this client was too slow and events were lost;
   *     CANCELLED when the subscription was closed
   */
  ContainerEvent take() throws SandboxException, InterruptedException;

  /** Ends it; a {@link #take} that waits ends too. A second call does nothing. */
  @Override
  void close();
}
