package io.crema.sandbox.life;

import io.crema.runtime.keeper.Exit;

/** Who wants to know how a launch ended: a container, or an exec. */
@FunctionalInterface
interface LaunchObserver {
  /** Called once, on a virtual thread: it may block. */
  void exited(Exit exit);

  /**
   * Called instead when the pod's keeper is gone, and with it the news. A container's end is found
   * in the journal then.
   */
  default void lost() {}
}
