package io.crema.image;

import io.crema.image.layer.ImplicitDirectories;
import io.crema.image.layer.LayerInfo;
import io.crema.image.layer.LayerStore;
import io.crema.image.model.Digest;
import io.crema.image.model.PullException;
import io.crema.image.registry.RegistrySession;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;

/**
 * Makes images' layers be here, each once however many pulls and containers want it, and stacks
 * them.
 */
final class Layers {
  private final BlobStore blobs;
  private final LayerStore store;
  private final LayerFetch fetch;

  /** What is being fetched or unpacked, by diff id; open until it has ended, well or not. */
  private final Map<Digest, CountDownLatch> running = new ConcurrentHashMap<>();

  Layers(BlobStore blobs, LayerStore store, Limits limits, Executor unpackers) {
    this.blobs = blobs;
    this.store = store;
    this.fetch = new LayerFetch(blobs, store, limits, unpackers);
  }

  boolean has(ImageRecord.Layer layer) {
    return unpacked(layer) && blobs.has(layer.blob().digest());
  }

  private boolean unpacked(ImageRecord.Layer layer) {
    return store.has(LayerStore.key(layer.diffId()));
  }

  /** Makes sure that {@code layer} is here; joins another pull that is at it. */
  void ensure(ImageRecord.Layer layer, RegistrySession session, LongConsumer progress)
      throws PullException, InterruptedException {
    try {
      while (!has(layer)) {
        once(
            layer,
            () -> {
              if (blobs.has(layer.blob().digest())) {
                fetch.unpackStored(layer);
              } else {
                fetch.download(layer, session, progress);
              }
            });
      }
    } catch (PullException e) {
      throw e;
    } catch (IOException e) {
      throw new PullException.Storage(layer.blob().digest() + ": " + e.getMessage(), e);
    }
  }

  /** Unpacks what power loss took from an image whose blobs are here, and its repair. */
  void restore(List<ImageRecord.Layer> layers) throws IOException, InterruptedException {
    for (ImageRecord.Layer layer : layers) {
      while (!unpacked(layer)) {
        once(layer, () -> fetch.unpackStored(layer));
      }
    }
    repair(layers);
  }

  /** What is done to a layer by one and waited for by others. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /**
   * Does {@code work}, or waits for whoever is at that layer; whether it succeeded for them is for
   * the caller to see, who tries itself if not.
   */
  private void once(ImageRecord.Layer layer, Work work) throws IOException, InterruptedException {
    CountDownLatch mine = new CountDownLatch(1);
    CountDownLatch theirs = running.putIfAbsent(layer.diffId(), mine);
    if (theirs != null) {
      theirs.await();
      return;
    }
    try {
      work.run();
    } finally {
      running.remove(layer.diffId());
      mine.countDown();
    }
  }

  /** Lays out what the stack needs beside its layers ({@link ImplicitDirectories}). */
  void repair(List<ImageRecord.Layer> layers) throws IOException {
    if (layers.size() < 2) {
      return;
    }
    String key = repairKey(layers);
    if (store.has(key)) {
      return;
    }
    List<ImplicitDirectories.Unpacked> stack = new ArrayList<>();
    for (ImageRecord.Layer layer : layers) {
      String own = LayerStore.key(layer.diffId());
      stack.add(new ImplicitDirectories.Unpacked(store.tree(own), store.info(own)));
    }
    try (ImplicitDirectories directories = new ImplicitDirectories(stack);
        LayerStore.Draft draft = store.begin()) {
      int written = directories.writeTo(draft.tree());
      // kept also when it is empty: that nothing needs repair is not to be found out each time
      draft.commit(key, new LayerInfo(layers.getLast().diffId(), 0, written, false, Set.of()));
    }
  }

  /** The key of the stack's repair. */
  static String repairKey(List<ImageRecord.Layer> layers) {
    Digest chain = layers.getFirst().diffId();
    for (ImageRecord.Layer layer : layers.subList(1, layers.size())) {
      // the chain id of image-spec config.md
      chain = Digest.of((chain + " " + layer.diffId()).getBytes(StandardCharsets.UTF_8));
    }
    return LayerStore.repairKey(chain);
  }

  /** The trees for overlay, top first. */
  List<Path> lower(List<ImageRecord.Layer> layers, Path empty) throws IOException {
    List<Path> out = new ArrayList<>();
    if (layers.size() > 1 && store.summary(repairKey(layers)).inodes() > 0) {
      out.add(store.tree(repairKey(layers)));
    }
    for (ImageRecord.Layer layer : layers.reversed()) {
      String key = LayerStore.key(layer.diffId());
      Path tree = store.tree(key);
      if (!out.contains(tree)) { // overlayfs refuses a directory that is in the stack twice
        out.add(tree);
      }
      if (store.summary(key).rootOpaque()) {
        break; // overlayfs has no mark for a whole layer that hides those below
      }
    }
    if (out.isEmpty()) {
      out.add(Files.createDirectories(empty));
    }
    return out;
  }
}
