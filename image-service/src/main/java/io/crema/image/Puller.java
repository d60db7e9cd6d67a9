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
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

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

  Puller(ImageServiceConfig config, RegistryClient registry, BlobStore blobs, Layers layers) {
    this.config = config;
    this.registry = registry;
    this.blobs = blobs;
    this.layers = layers;
  }

  /**
   * What was pulled.
   *
   * @param top digest of what the reference pointed to: an index or a manifest
   * @param held keeps it on disk; the caller closes it
   */
  record Result(ImageRecord record, Digest top, long downloaded, ImageLease held) {}

  Result pull(
      Reference reference,
      Credentials credentials,
      ProgressListener listener,
      Function<ImageRecord, ? extends ImageLease> hold)
      throws IOException, InterruptedException {
    RegistryClient.Session session = registry.session(reference, credentials);
    AtomicLong downloaded = new AtomicLong();
    List<RegistryClient.Document> documents = new ArrayList<>();
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
    ImageRecord record = record(manifest, image, documents);
    ImageLease held = hold.apply(record); // from here on nothing of it is freed
    try {
      for (RegistryClient.Document document : documents) {
        blobs.put(document.digest(), document.bytes());
      }
      blobs.put(manifest.config().digest(), text);
      fetch(session, record, listener, downloaded);
      layers.repair(record.layers());
      return new Result(record, documents.getFirst().digest(), downloaded.get(), held);
    } catch (IOException | InterruptedException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private Manifest manifest(
      RegistryClient.Session session,
      String identifier,
      List<RegistryClient.Document> documents,
      AtomicLong downloaded)
      throws PullException, InterruptedException {
    String next = identifier;
    for (int depth = 0; depth < MAX_INDEXES; depth++) {
      RegistryClient.Document document = session.document(next);
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

  private byte[] configuration(RegistryClient.Session session, Blob blob, AtomicLong downloaded)
      throws IOException, InterruptedException {
    if (blob.size() > config.limits().documentBytes()) {
      throw new PullException.TooLarge(
          "configuration " + blob.digest() + " of " + blob.size() + " bytes");
    }
    if (blobs.has(blob.digest())) {
      return blobs.read(blob.digest());
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    session.blob(blob, chunk -> out.writeBytes(chunk));
    byte[] bytes = out.toByteArray();
    if (!Digest.of(bytes).equals(blob.digest())) {
      throw new PullException.Invalid(
          "configuration has digest "
              + Digest.of(bytes)
              + " where "
              + blob.digest()
              + " was asked");
    }
    downloaded.addAndGet(bytes.length);
    return bytes;
  }

  private static ImageRecord record(
      Manifest manifest, ImageConfig image, List<RegistryClient.Document> documents) {
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
        documents.stream().map(RegistryClient.Document::digest).toList(),
        all);
  }

  private void fetch(
      RegistryClient.Session session,
      ImageRecord record,
      ProgressListener listener,
      AtomicLong downloaded)
      throws IOException, InterruptedException {
    List<ImageRecord.Layer> all = record.layers();
    listener.on(
        new ProgressListener.Resolved(
            record.config().toString(),
            all.size(),
            all.stream().mapToLong(l -> l.blob().size()).sum()));
    Semaphore slots = new Semaphore(config.parallelLayers());
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < all.size(); i++) {
        int index = i;
        running.add(
            each.submit(
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
      try {
        for (Future<?> layer : running) {
          await(layer);
        }
      } catch (IOException | InterruptedException | RuntimeException e) {
        running.forEach(f -> f.cancel(true));
        throw e;
      }
    }
  }

  private void layer(
      RegistryClient.Session session,
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
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }
}
