package io.crema.image;

import io.crema.image.layer.ChunkPipe;
import io.crema.image.layer.ImplicitDirectories;
import io.crema.image.layer.LayerException;
import io.crema.image.layer.LayerInfo;
import io.crema.image.layer.LayerStore;
import io.crema.image.layer.LayerUnpacker;
import io.crema.image.layer.UnpackLimits;
import io.crema.image.model.Digest;
import io.crema.image.model.PullException;
import io.crema.image.registry.RegistryClient;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.LongConsumer;

/**
 * Brings layers from a registry to their unpacked trees: downloaded, hashed, decompressed and
 * unpacked in one pass, each layer once however many pulls want it.
 */
final class Layers {
  private static final int PIPE = 4 << 20;

  private final BlobStore blobs;
  private final LayerStore store;
  private final Limits limits;
  private final ExecutorService unpackers;
  private final Map<Digest, CompletableFuture<Void>> running = new ConcurrentHashMap<>();

  Layers(BlobStore blobs, LayerStore store, Limits limits, ExecutorService unpackers) {
    this.blobs = blobs;
    this.store = store;
    this.limits = limits;
    this.unpackers = unpackers;
  }

  boolean has(ImageRecord.Layer layer) {
    return store.has(LayerStore.key(layer.diffId())) && blobs.has(layer.blob().digest());
  }

  /** Makes sure that {@code layer} is here; joins another pull that is at it. */
  void ensure(ImageRecord.Layer layer, RegistryClient.Session session, LongConsumer progress)
      throws PullException, InterruptedException {
    while (!has(layer)) {
      CompletableFuture<Void> mine = new CompletableFuture<>();
      CompletableFuture<Void> theirs = running.putIfAbsent(layer.blob().digest(), mine);
      if (theirs != null) {
        await(theirs);
        continue; // whether it succeeded for them is seen above; else this pull tries itself
      }
      try {
        fetch(layer, session, progress);
      } finally {
        running.remove(layer.blob().digest());
        mine.complete(null);
      }
    }
  }

  private static void await(CompletableFuture<Void> other) throws InterruptedException {
    try {
      other.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("never fails", e);
    }
  }

  private void fetch(ImageRecord.Layer layer, RegistryClient.Session session, LongConsumer progress)
      throws PullException, InterruptedException {
    try {
      if (blobs.has(layer.blob().digest())) {
        unpackStored(layer);
        return;
      }
      try (BlobStore.Ingest ingest = blobs.begin(layer.blob().digest(), layer.blob().size());
          LayerStore.Draft draft = store.begin();
          ChunkPipe pipe = new ChunkPipe(PIPE)) {
        CompletableFuture<LayerInfo> unpacked = unpack(layer, pipe, draft);
        try {
          session.blob(
              layer.blob(),
              chunk -> {
                try {
                  ingest.write(chunk, 0, chunk.length);
                } catch (BlobStore.BlobMismatch e) {
                  throw new PullException.Invalid(String.valueOf(e.getMessage()), e);
                }
                progress.accept(ingest.written());
                pipe.put(chunk); // when the unpacker has given up, its failure is told below
              });
          ingest.commit();
          pipe.finish();
        } catch (IOException | BlobStore.BlobMismatch | InterruptedException | RuntimeException e) {
          pipe.fail(new IOException("the download failed", e));
          unpacked.handle((_, _) -> null).join(); // it must not write into what is being removed
          throw e;
        }
        commit(layer, draft, result(unpacked));
      }
    } catch (BlobStore.BlobMismatch e) {
      throw new PullException.Invalid(String.valueOf(e.getMessage()), e);
    } catch (PullException e) {
      throw e;
    } catch (IOException e) {
      throw new PullException.Storage(layer.blob().digest() + ": " + e.getMessage(), e);
    }
  }

  /** Unpacks a layer whose blob is here. */
  private void unpackStored(ImageRecord.Layer layer) throws IOException, InterruptedException {
    try (InputStream in = blobs.open(layer.blob().digest());
        LayerStore.Draft draft = store.begin()) {
      commit(layer, draft, result(unpack(layer, in, draft)));
    }
  }

  private CompletableFuture<LayerInfo> unpack(
      ImageRecord.Layer layer, InputStream in, LayerStore.Draft draft) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return LayerUnpacker.unpack(
                in,
                layer.compression(),
                layer.blob().size(),
                draft.tree(),
                draft.scratch(),
                new UnpackLimits(limits.unpackedBytes(), limits.unpackedRatio(), limits.entries()));
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        unpackers);
  }

  private static LayerInfo result(CompletableFuture<LayerInfo> unpacked)
      throws IOException, InterruptedException {
    try {
      return unpacked.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case java.io.UncheckedIOException io ->
            throw told(java.util.Objects.requireNonNull(io.getCause()));
        case RuntimeException r -> throw r;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private static IOException told(IOException e) {
    if (!(e instanceof LayerException layer)) {
      return e;
    }
    String message = String.valueOf(layer.getMessage());
    return layer.isTooLarge()
        ? new PullException.TooLarge(message)
        : new PullException.Invalid(message, layer);
  }

  private void commit(ImageRecord.Layer layer, LayerStore.Draft draft, LayerInfo info)
      throws IOException {
    if (!info.diffId().equals(layer.diffId())) {
      throw new PullException.Invalid(
          "layer "
              + layer.blob().digest()
              + " unpacks to "
              + info.diffId()
              + " where the image's configuration says "
              + layer.diffId());
    }
    draft.commit(LayerStore.key(layer.diffId()), info);
  }

  /** Unpacks what power loss took from an image whose blobs are here, and its repair. */
  void restore(List<ImageRecord.Layer> layers) throws IOException, InterruptedException {
    for (ImageRecord.Layer layer : layers) {
      if (!store.has(LayerStore.key(layer.diffId()))) {
        unpackStored(layer);
      }
    }
    repair(layers);
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
      if (written > 0) {
        draft.commit(
            key, new LayerInfo(layers.getLast().diffId(), 0, written, false, java.util.Set.of()));
      }
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
    if (layers.size() > 1 && store.has(repairKey(layers))) {
      out.add(store.tree(repairKey(layers)));
    }
    for (ImageRecord.Layer layer : layers.reversed()) {
      String key = LayerStore.key(layer.diffId());
      out.add(store.tree(key));
      if (store.info(key).rootOpaque()) {
        break; // overlayfs has no mark for a whole layer that hides those below
      }
    }
    if (out.isEmpty()) {
      out.add(Files.createDirectories(empty));
    }
    return out;
  }
}
