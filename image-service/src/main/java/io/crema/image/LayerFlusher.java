package io.crema.image;

import io.crema.image.layer.LayerStore;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Flushes unpacked layers in the background: syncfs(2) waits for everybody's writes to the file
 * system, and a pull must not. Until then a layer counts as lost with the power, and is unpacked
 * again from its blob.
 */
final class LayerFlusher implements AutoCloseable {
  private static final Logger LOG = System.getLogger("io.crema.image");

  private final LayerStore store;
  private final Set<String> waiting = new HashSet<>(); // guarded by itself
  private final ExecutorService worker =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("image-flush").daemon().factory());

  LayerFlusher(LayerStore store) {
    this.store = store;
  }

  /** Has {@code layers} and their repair flushed some time. */
  void later(List<ImageRecord.Layer> layers) {
    if (layers.isEmpty()) {
      return;
    }
    synchronized (waiting) {
      layers.forEach(l -> waiting.add(LayerStore.key(l.diffId())));
      waiting.add(Layers.repairKey(layers));
    }
    worker.execute(this::flush);
  }

  private void flush() {
    Set<String> keys;
    synchronized (waiting) {
      keys = Set.copyOf(waiting);
      waiting.clear();
    }
    try {
      store.flush(keys);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "layers can't be flushed; a loss of power would unpack them again", e);
    }
  }

  /** Waits for the flush that is running. */
  @Override
  public void close() {
    worker.shutdown();
    try {
      worker.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
