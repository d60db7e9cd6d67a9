package io.crema.sandbox.life;

import io.crema.runtime.keeper.Closed;
import io.crema.runtime.keeper.ExitListener;
import io.crema.runtime.keeper.Keeper;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Brings what keepers tell to those who wait for it. */
final class Exits {
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private final java.util.concurrent.Executor executor;
  private final LostKeeper lost;

  /** What happens to a pod whose keeper died. */
  @FunctionalInterface
  interface LostKeeper {
    void lost(Pod pod, Closed why);
  }

  Exits(java.util.concurrent.Executor executor, LostKeeper lost) {
    this.executor = executor;
    this.lost = lost;
  }

  /** The listener for {@code pod}'s keeper: hands over to a virtual thread at once. */
  ExitListener of(Pod pod) {
    return (keeper, exit) ->
        executor.execute(
            () ->
                pod.observer(exit.launchId())
                    .ifPresentOrElse(
                        o -> o.exited(exit),
                        () ->
                            LOG.log(
                                Level.DEBUG,
                                "{0}: launch {1} ended, which nobody waits for",
                                pod.display(),
                                exit.launchId())));
  }

  /** The connection to {@code keeper} has ended. */
  void keeperClosed(Pod pod, Keeper keeper, Closed why) {
    switch (why) {
      case Closed.ByUs() -> {}
      case Closed.ShutDown() -> {}
      case Closed.Died() -> executor.execute(() -> gone(pod, keeper, why));
      case Closed.Failed(var _) -> executor.execute(() -> gone(pod, keeper, why));
    }
  }

  private void gone(Pod pod, Keeper keeper, Closed why) {
    if (pod.keeperIfAlive().filter(k -> k == keeper).isPresent()) {
      pod.keeper(null);
      LOG.log(Level.ERROR, "{0}: {1}", pod.display(), why.reason());
      pod.observers().forEach(LaunchObserver::lost);
      lost.lost(pod, why);
    }
  }
}
