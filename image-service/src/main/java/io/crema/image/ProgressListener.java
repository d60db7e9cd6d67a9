package io.crema.image;

/**
 * Hears how a pull goes. Called from the pull's own threads, several at once, at most some ten
 * times a second for a layer; must return quickly and not throw.
 */
@FunctionalInterface
public interface ProgressListener {
  /** Hears nothing. */
  ProgressListener NONE = event -> {};

  /** Something moved. */
  void on(Event event);

  /** What moved. */
  sealed interface Event {}

  /**
   * The manifest is known.
   *
   * @param layers how many
   * @param bytes to download at most, all layers together
   */
  record Resolved(String imageId, int layers, long bytes) implements Event {}

  /**
   * One layer's state.
   *
   * @param index from 0, bottom first
   * @param done compressed bytes so far
   * @param total compressed bytes in all
   */
  record LayerProgress(int index, String digest, Phase phase, long done, long total)
      implements Event {}

  /** A layer's way. */
  enum Phase {
    WAITING,
    DOWNLOADING,
    /** Unpacked and verified, or was there before. */
    DONE
  }
}
