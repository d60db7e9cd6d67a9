package io.crema.image;

import io.crema.image.model.Blob;
import io.crema.image.model.Credentials;
import io.crema.image.model.Digest;
import io.crema.image.model.ImageConfig;
import io.crema.image.model.Manifest;
import io.crema.image.model.Manifests;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import io.crema.image.registry.RegistryClient;
import io.crema.image.registry.RegistrySession;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One pull: from a reference to an image whose blobs and layers are on disk, held but not yet
 * named.
 */
final class Puller {
  private static final int MAX_INDEXES = 4; // an index may list an index; a circle ends here

  private final ImageServiceConfig config;
  private final RegistryClient registry;
  private final BlobStore blobs;
  private final Layers layers;
  private final Inventory inventory;

  Puller(
      ImageServiceConfig config,
      RegistryClient registry,
      BlobStore blobs,
      Layers layers,
      Inventory inventory) {
    this.config = config;
    this.registry = registry;
    this.blobs = blobs;
    this.layers = layers;
    this.inventory = inventory;
  }

  /**
   * What was pulled.
   *
   * @param held keeps the image on disk; the caller closes it
   * @param top digest of what the reference pointed to: an index or a manifest
   * @param downloaded bytes over the network
   */
  record Result(Inventory.Hold held, Digest top, long downloaded) {}

  Result pull(Reference reference, Credentials credentials, ProgressListener listener)
      throws IOException, InterruptedException {
    RegistrySession session = registry.session(reference, credentials);
    AtomicLong downloaded = new AtomicLong();
    List<RegistrySession.Document> documents = new ArrayList<>();
    Manifest manifest = manifest(session, reference.identifier(), documents, downloaded);
    if (manifest.layers().size() > config.limits().layers()) {
      throw new PullException.TooLarge(
          manifest.layers().size() + " layers, where " + config.limits().layers() + " are allowed");
    }
    byte[] text = configuration(session, manifest.config(), downloaded);
    ImageConfig image = Manifests.config(text);
    if (image.diffIds().size() != manifest.layers().size()) {
      throw new PullException.Invalid(
          "the manifest has "
              + manifest.layers().size()
              + " layers, the configuration "
              + image.diffIds().size()
              + " diff ids");
    }
    Inventory.Hold held = hold(record(manifest, image, documents));
    boolean done = false;
    try {
      for (RegistrySession.Document document : documents) {
        blobs.put(document.digest(), document.bytes());
      }
      blobs.put(manifest.config().digest(), text);
      fetch(session, held.record(), listener, downloaded);
      layers.repair(held.record().layers());
      done = true;
      return new Result(held, documents.getFirst().digest(), downloaded.get());
    } finally {
      if (!done) {
        held.close();
      }
    }
  }

  /**
   * From here on nothing of it is freed. The same image from elsewhere may be packed otherwise:
   * what is here already is as good.
   */
  private Inventory.Hold hold(ImageRecord pulled) {
    Optional<ImageRecord> known = inventory.byId(pulled.config());
    if (known.isPresent()) {
      Inventory.Hold held =
          inventory.hold(known.get().named(List.of(), List.of(), pulled.manifests()));
      if (held.record().layers().stream().allMatch(layers::has)) {
        return held;
      }
      held.close();
    }
    return inventory.hold(pulled);
  }

  private Manifest manifest(
      RegistrySession session,
      String identifier,
      List<RegistrySession.Document> documents,
      AtomicLong downloaded)
      throws PullException, InterruptedException {
    String next = identifier;
    for (int depth = 0; depth < MAX_INDEXES; depth++) {
      RegistrySession.Document document = session.document(next);
      documents.add(document);
      downloaded.addAndGet(document.bytes().length);
      switch (Manifests.parse(document.mediaType(), document.bytes())) {
        case Manifests.Single single -> {
          return single.manifest();
        }
        case Manifests.Index index ->
            next = Manifests.choose(index, config.platform()).digest().toString();
      }
    }
    throw new PullException.Invalid("indexes of indexes, more than " + MAX_INDEXES + " deep");
  }

  private byte[] configuration(RegistrySession session, Blob blob, AtomicLong downloaded)
      throws IOException, InterruptedException {
    if (blob.size() > config.limits().documentBytes()) {
      throw new PullException.TooLarge(
          "configuration " + blob.digest() + " of " + blob.size() + " bytes");
    }
    if (blobs.has(blob.digest())) {
      try {
        return blobs.verified(blob.digest());
      } catch (NoSuchFileException e) {
        // removed this moment, with the image that it belongs to: fetched anew
        return download(session, blob, downloaded);
      }
    }
    return download(session, blob, downloaded);
  }

  private static byte[] download(RegistrySession session, Blob blob, AtomicLong downloaded)
      throws PullException, InterruptedException {
    byte[] bytes = session.small(blob);
    downloaded.addAndGet(bytes.length);
    return bytes;
  }

  private static ImageRecord record(
      Manifest manifest, ImageConfig image, List<RegistrySession.Document> documents) {
    List<ImageRecord.Layer> all = new ArrayList<>();
    long size = manifest.config().size() + documents.getLast().bytes().length;
    for (int i = 0; i < manifest.layers().size(); i++) {
      Manifest.Layer layer = manifest.layers().get(i);
      size += layer.blob().size();
      all.add(new ImageRecord.Layer(layer.blob(), layer.compression(), image.diffIds().get(i)));
    }
    return new ImageRecord(
        manifest.config().digest(),
        List.of(),
        List.of(),
        size,
        documents.stream().map(RegistrySession.Document::digest).toList(),
        all);
  }

  private void fetch(
      RegistrySession session, ImageRecord record, ProgressListener listener, AtomicLong downloaded)
      throws IOException, InterruptedException {
    List<ImageRecord.Layer> all = record.layers();
    listener.on(
        new ProgressListener.Resolved(
            record.config().toString(),
            all.size(),
            all.stream().mapToLong(l -> l.blob().size()).sum()));
    Semaphore slots = new Semaphore(config.parallelLayers(), true);
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<Void> ended = new ExecutorCompletionService<>(each);
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < all.size(); i++) {
        int index = i;
        running.add(
            ended.submit(
                () -> {
                  slots.acquire();
                  try {
                    layer(session, index, all.get(index), listener, downloaded);
                  } finally {
                    slots.release();
                  }
                  return null;
                }));
      }
      boolean done = false;
      try {
        for (Future<Void> _ : running) {
          await(ended.take()); // the first failure ends the pull
        }
        done = true;
      } finally {
        if (!done) {
          running.forEach(f -> f.cancel(true)); // and closing waits for them
        }
      }
    }
  }

  private void layer(
      RegistrySession session,
      int index,
      ImageRecord.Layer layer,
      ProgressListener listener,
      AtomicLong downloaded)
      throws IOException, InterruptedException {
    String digest = layer.blob().digest().toString();
    long size = layer.blob().size();
    if (size > config.limits().layerBytes()) {
      throw new PullException.TooLarge(
          "layer "
              + digest
              + " of "
              + size
              + " bytes, where "
              + config.limits().layerBytes()
              + " are allowed");
    }
    AtomicLong seen = new AtomicLong();
    layers.ensure(
        layer,
        session,
        done -> {
          seen.set(done);
          listener.on(
              new ProgressListener.LayerProgress(
                  index, digest, ProgressListener.Phase.DOWNLOADING, done, size));
        });
    downloaded.addAndGet(seen.get());
    listener.on(
        new ProgressListener.LayerProgress(index, digest, ProgressListener.Phase.DONE, size, size));
  }

  private static void await(Future<?> layer) throws IOException, InterruptedException {
    try {
      layer.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case InterruptedException i -> throw i;
        case RuntimeException r -> throw r;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }
}
