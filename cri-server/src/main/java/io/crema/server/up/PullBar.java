package io.crema.server.up;

import io.crema.image.ProgressListener;
import java.util.concurrent.ConcurrentHashMap;

/** Shows a pull's progress: layers done and bytes, on one line. */
final class PullBar implements ProgressListener {
  private static final int WIDTH = 30;

  private final Screen screen;
  private final String image;
  private final ConcurrentHashMap<Integer, LayerProgress> layers = new ConcurrentHashMap<>();
  private volatile long total;

  PullBar(Screen screen, String image) {
    this.screen = screen;
    this.image = image;
  }

  @Override
  public void on(Event event) {
    switch (event) {
      case Resolved resolved -> total = resolved.bytes();
      case LayerProgress layer -> layers.put(layer.index(), layer);
    }
    screen.bar(render());
  }

  String render() {
    long done = layers.values().stream().mapToLong(LayerProgress::done).sum();
    long finished = layers.values().stream().filter(layer -> layer.phase() == Phase.DONE).count();
    int filled = total == 0 ? 0 : (int) Math.min(WIDTH, done * WIDTH / total);
    return "%s [%s%s] %s of %s, %d of %d layers"
        .formatted(
            image,
            "=".repeat(filled),
            " ".repeat(WIDTH - filled),
            size(done),
            size(total),
            finished,
            layers.size());
  }

  /** Bytes as a person reads them. */
  static String size(long bytes) {
    if (bytes < 1 << 20) {
      return "%.1f KiB".formatted(bytes / 1024.0);
    }
    return "%.1f MiB".formatted(bytes / 1024.0 / 1024.0);
  }
}
