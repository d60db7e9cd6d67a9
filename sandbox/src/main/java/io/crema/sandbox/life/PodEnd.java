package io.crema.sandbox.life;

import io.crema.runtime.keeper.Keeper;
import io.crema.sandbox.SandboxException;
import java.io.IOException;
import java.util.Optional;

/** The end of a pod's keeper. */
final class PodEnd {
  private PodEnd() {}

  /** Makes the pod's keeper leave, whose processes are gone, and forgets it; none is fine. */
  static void dismiss(Pod pod) throws IOException, SandboxException, InterruptedException {
    Optional<Keeper> keeper = pod.keeperIfAlive();
    if (keeper.isEmpty()) {
      return;
    }
    try (Keeper k = keeper.get()) {
      Waits.get(k.shutdown(), pod.display() + ": dismiss its keeper");
      pod.keeper(null);
    }
  }
}
