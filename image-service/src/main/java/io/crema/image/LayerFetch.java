package io.crema.image;

import io.crema.image.layer.ChunkPipe;
import io.crema.image.layer.LayerInfo;
import io.crema.image.layer.LayerStore;
import io.crema.image.model.PullException;
import io.crema.image.registry.RegistrySession;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;

/**
 * Brings one layer from a registry, or from its blob, to its unpacked tree: downloaded, hashed,
 * decompressed and unpacked in one pass.
 */
final class LayerFetch {
  private static final int PIPE = 4 << 20;

  private final BlobStore blobs;
  private final LayerStore store;
  private final Limits limits;
  private final Executor unpackers;

  LayerFetch(BlobStore blobs, LayerStore store, Limits limits, Executor unpackers) {
    this.blobs = blobs;
    this.store = store;
    this.limits = limits;
    this.unpackers = unpackers;
  }

  /**
   * Downloads and unpacks. When what came isn't the blob, and other hosts are left than those that
   * sent it, they are asked for all of it.
   */
  void download(ImageRecord.Layer layer, RegistrySession session, LongConsumer progress)
      throws PullException, InterruptedException {
    Set<String> distrusted = new HashSet<>();
    while (true) {
      RegistrySession.Download download = session.download(layer.blob(), distrusted);
      try {
        download(layer, download, progress);
        return;
      } catch (BlobStore.BlobMismatch e) {
        if (!download.hasOther()) {
          throw new PullException.Invalid(
              layer.blob().digest()
                  + " from "
                  + String.join(", ", download.senders())
                  + ": "
                  + e.getMessage(),
              e);
        }
        distrusted.addAll(download.senders());
      } catch (PullException e) {
        throw e;
      } catch (IOException e) {
        throw new PullException.Storage(layer.blob().digest() + ": " + e.getMessage(), e);
      }
    }
  }

  private void download(
      ImageRecord.Layer layer, RegistrySession.Download download, LongConsumer progress)
      throws IOException, InterruptedException {
    try (BlobStore.Ingest ingest = blobs.begin(layer.blob().digest(), layer.blob().size());
        LayerStore.Draft draft = store.begin()) {
      ChunkPipe pipe = new ChunkPipe(PIPE);
      Unpacking unpacking = new Unpacking(layer, pipe, pipe::stop, draft, limits, unpackers);
      boolean done = false;
      try {
        download.to(chunk -> take(chunk, ingest, pipe, unpacking, progress));
        ingest.commit();
        pipe.finish();
        commit(layer, draft, unpacking.result());
        done = true;
      } finally {
        if (!done) {
          unpacking.stop(); // it must not write into what is being removed
        }
      }
    }
  }

  private static void take(
      byte[] chunk,
      BlobStore.Ingest ingest,
      ChunkPipe pipe,
      Unpacking unpacking,
      LongConsumer progress)
      throws IOException, InterruptedException {
    ingest.write(chunk, 0, chunk.length);
    progress.accept(ingest.written());
    // Where the content can't be unpacked, the rest is downloaded nevertheless: its digest tells
    // whether the image or the way of it is at fault.
    if (!pipe.put(chunk) && unpacking.isHopeless()) {
      unpacking.result();
    }
  }

  /** Unpacks a layer whose blob is here. */
  void unpackStored(ImageRecord.Layer layer) throws IOException, InterruptedException {
    try (InputStream in = blobs.open(layer.blob().digest());
        LayerStore.Draft draft = store.begin()) {
      commit(layer, draft, new Unpacking(layer, in, () -> {}, draft, limits, unpackers).result());
    }
  }

  private static void commit(ImageRecord.Layer layer, LayerStore.Draft draft, LayerInfo info)
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
}
