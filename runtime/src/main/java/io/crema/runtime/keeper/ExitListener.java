package io.crema.runtime.keeper;

/** Hears of exits. Called on the {@link KeeperLoop}'s thread: must not block. */
@FunctionalInterface
public interface ExitListener {
  /**
   * The exit is already in the journal and the container's output in its log. A launch may be told
   * of twice (after the connection lagged), never not at all.
   */
  void exited(Keeper keeper, Exit exit);
}
