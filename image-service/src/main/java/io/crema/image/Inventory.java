package io.crema.image;

import io.crema.image.layer.LayerStore;
import io.crema.image.model.Digest;
import io.crema.image.model.Reference;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import io.crema.image.store.ImageRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The images by name, and the blobs and layers that they, holds and containers keep on disk. What
 * nothing keeps is freed.
 */
final class Inventory {
  /** Too short a beginning of an id names nothing: one letter must not remove an image. */
  private static final Pattern ID = Pattern.compile("[0-9a-f]{6,64}");

  private final BlobStore blobs;
  private final LayerStore layers;
  private final ImageRecords records;
  private final WritableLayers writable;

  /**
   * Held while names and what they keep change, so that nothing is freed that a pull has just
   * found.
   */
  private final ReentrantLock lock = new ReentrantLock();

  /** What is held of each image; guarded by {@link #lock}. */
  private final Map<Digest, List<ImageRecord>> held = new HashMap<>();

  Inventory(BlobStore blobs, LayerStore layers, ImageRecords records, WritableLayers writable) {
    this.blobs = blobs;
    this.layers = layers;
    this.records = records;
    this.writable = writable;
  }

  Collection<ImageRecord> all() {
    return records.all();
  }

  Optional<ImageRecord> byId(Digest id) {
    return records.get(id);
  }

  /**
   * By tag, digest or what normalises to one, by id or a unique beginning of it: in this order, as
   * containerd's LocalResolve.
   */
  Optional<ImageRecord> find(String text) {
    if (Digest.isDigest(text)) {
      return records.get(Digest.parse(text));
    }
    Collection<ImageRecord> all = records.all();
    Optional<String> name = canonical(text);
    if (name.isPresent()) {
      for (ImageRecord r : all) {
        if (r.tags().contains(name.get()) || r.digests().contains(name.get())) {
          return Optional.of(r);
        }
      }
    }
    String hex = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    if (!ID.matcher(hex).matches()) {
      return Optional.empty();
    }
    List<ImageRecord> byId =
        all.stream().filter(r -> r.config().hex().startsWith(hex)).limit(2).toList();
    return byId.size() == 1 ? Optional.of(byId.getFirst()) : Optional.empty();
  }

  private static Optional<String> canonical(String text) {
    try {
      return Optional.of(Reference.parse(text).canonical());
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // no name that an image could have
    }
  }

  /** Gives the image its names, and then takes its tag from the image that had it. */
  ImageRecord name(ImageRecord pulled, Reference reference, Digest top) throws IOException {
    List<String> tags = reference.tagged().stream().toList();
    lock.lock();
    try {
      ImageRecord known = records.get(pulled.config()).orElse(null);
      ImageRecord named =
          pulled
              .named(known == null ? List.of() : known.tags(), List.of(), List.of())
              .named(
                  tags,
                  known == null ? List.of() : known.digests(),
                  known == null ? List.of() : known.manifests())
              .named(List.of(), List.of(reference.withDigest(top)), List.of());
      if (!named.equals(known)) {
        records.save(named);
      }
      // only now: at no instant is the tag without image, whoever looks or whenever power fails
      for (ImageRecord other : records.all()) {
        for (String tag : tags) {
          if (!other.config().equals(pulled.config()) && other.tags().contains(tag)) {
            records.save(other.without(tag));
          }
        }
      }
      return named;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets an image and frees what only it kept. */
  boolean remove(String referenceOrId) throws IOException {
    lock.lock();
    try {
      Optional<ImageRecord> found = find(referenceOrId);
      if (found.isEmpty()) {
        return false;
      }
      records.delete(found.get().config());
      sweep();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Finds and holds at once, so that it isn't removed in between. */
  Optional<Hold> hold(String referenceOrId) {
    lock.lock();
    try {
      return find(referenceOrId).map(this::hold);
    } finally {
      lock.unlock();
    }
  }

  /** Keeps what {@code record} names from being freed. */
  Hold hold(ImageRecord record) {
    lock.lock();
    try {
      held.computeIfAbsent(record.config(), _ -> new ArrayList<>()).add(record);
      return new Hold(record);
    } finally {
      lock.unlock();
    }
  }

  /** Keeps an image's blobs and layers until it is closed. */
  final class Hold implements AutoCloseable {
    private final ImageRecord record;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Hold(ImageRecord record) {
      this.record = record;
    }

    ImageRecord record() {
      return record;
    }

    /** Lets go; a second call does nothing. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release(record);
      }
    }
  }

  private void release(ImageRecord record) {
    lock.lock();
    try {
      List<ImageRecord> all = held.getOrDefault(record.config(), new ArrayList<>());
      all.remove(record);
      if (all.isEmpty()) {
        held.remove(record.config());
      }
      // The image was removed meanwhile, or never named, or is kept with other blobs.
      if (!all.contains(record) && !keeps(records.get(record.config()), record)) {
        sweep();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("free what image " + record.config() + " kept", e);
    } finally {
      lock.unlock();
    }
  }

  private static boolean keeps(Optional<ImageRecord> kept, ImageRecord record) {
    return kept.isPresent() && kept.get().layers().equals(record.layers());
  }

  /** Frees the blobs and layers that no image, hold or container keeps. */
  void sweep() throws IOException {
    lock.lock();
    try {
      Set<Digest> usedBlobs = new HashSet<>();
      Set<String> usedLayers = new HashSet<>();
      List<ImageRecord> keepers = new ArrayList<>(records.all());
      held.values().forEach(keepers::addAll);
      for (ImageRecord record : keepers) {
        usedBlobs.add(record.config());
        usedBlobs.addAll(record.manifests());
        for (ImageRecord.Layer layer : record.layers()) {
          usedBlobs.add(layer.blob().digest());
          usedLayers.add(LayerStore.key(layer.diffId()));
        }
        if (!record.layers().isEmpty()) {
          usedLayers.add(Layers.repairKey(record.layers()));
        }
      }
      for (WritableLayer layer : writable.all()) {
        layer.lower().forEach(p -> usedLayers.add(layers.keyOf(p)));
      }
      for (Digest digest : blobs.list()) {
        if (!usedBlobs.contains(digest)) {
          blobs.remove(digest);
        }
      }
      for (String key : layers.keys()) {
        if (!usedLayers.contains(key)) {
          layers.remove(key);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Frees what a container's writable layer kept, when nothing else does. */
  void released(WritableLayer layer) throws IOException {
    if (records.get(Digest.parse(layer.imageId())).isEmpty()) {
      sweep(); // its image was removed while the container lived
    }
  }

  /** Disk use of all unpacked layers and of the blobs of all images, from what is recorded. */
  FsUsage usage(java.nio.file.Path directory) {
    long bytes = 0;
    long inodes = 0;
    for (LayerStore.Summary layer : layers.summaries()) {
      bytes += layer.bytes();
      inodes += layer.inodes();
    }
    Set<Digest> counted = new HashSet<>();
    for (ImageRecord record : records.all()) {
      for (ImageRecord.Layer layer : record.layers()) {
        if (counted.add(layer.blob().digest())) {
          bytes += layer.blob().size();
          inodes++;
        }
      }
    }
    return new FsUsage(directory, bytes, inodes, Instant.now());
  }
}
