package io.crema.image;

import io.crema.image.layer.LayerStore;
import io.crema.image.layer.Trash;
import io.crema.image.model.Digest;
import io.crema.image.model.ImageConfig;
import io.crema.image.model.Manifests;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import io.crema.image.registry.RegistryClient;
import io.crema.image.store.BlobStore;
import io.crema.image.store.ImageRecord;
import io.crema.image.store.ImageRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * Images of one node: pull, look up, list, remove, lend to containers. One instance owns its root
 * directory; all methods may be called from any thread at once.
 */
public final class ImageService implements AutoCloseable {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final ImageServiceConfig config;
  private final Set<String> pinned;
  private final Trash trash;
  private final BlobStore blobs;
  private final Layers layers;
  private final LayerFlusher flusher;
  private final WritableLayers writable;
  private final Inventory inventory;
  private final RegistryClient registry;
  private final Puller puller;
  private final ExecutorService unpackers;
  private final Map<Digest, ImageConfig> configs = new ConcurrentHashMap<>();

  private ImageService(ImageServiceConfig config, Set<String> pinned, Trash trash)
      throws IOException {
    this.config = config;
    this.pinned = pinned;
    this.trash = trash;
    Path root = config.root();
    Path ingest = root.resolve("ingest");
    if (Files.isDirectory(ingest)) {
      try (Stream<Path> left = Files.list(ingest)) {
        for (Path p : left.toList()) {
          trash.discard(p); // of pulls that a crash ended
        }
      }
    }
    blobs = new BlobStore(root, ingest);
    LayerStore store = new LayerStore(root, ingest, trash, Files.readString(BOOT_ID).strip());
    writable = new WritableLayers(root, trash);
    inventory = new Inventory(blobs, store, usable(new ImageRecords(root), store), writable);
    inventory.sweep();
    unpackers =
        Executors.newCachedThreadPool(Thread.ofPlatform().name("unpack-", 0).daemon().factory());
    layers = new Layers(blobs, store, config.limits(), unpackers);
    flusher = new LayerFlusher(store);
    registry = new RegistryClient(config);
    puller = new Puller(config, registry, blobs, layers, inventory);
  }

  /**
   * Opens the store, creating it if absent: reads the records (a damaged one, or one whose image is
   * no longer whole, is set aside and named in the log) and removes what crashed pulls left.
   *
   * @throws IllegalArgumentException when a pinned reference isn't one
   */
  public static ImageService open(ImageServiceConfig config) throws IOException {
    Set<String> pinned = new HashSet<>();
    for (String reference : config.pinned()) {
      pinned.add(Reference.parse(reference).canonical());
    }
    Trash trash = new Trash(Files.createDirectories(config.root()).resolve("trash"));
    boolean opened = false;
    try {
      ImageService service = new ImageService(config, pinned, trash);
      opened = true;
      return service;
    } finally {
      if (!opened) {
        trash.close();
      }
    }
  }

  /**
   * Sets records aside whose configuration can't be read, or a layer of which can't be had: such an
   * image would be listed and never start, and the kubelet would not pull it again.
   */
  private ImageRecords usable(ImageRecords records, LayerStore store) throws IOException {
    for (ImageRecord record : records.all()) {
      try {
        configs.put(record.config(), Manifests.config(blobs.verified(record.config())));
        for (ImageRecord.Layer layer : record.layers()) {
          if (!store.has(LayerStore.key(layer.diffId())) && !blobs.has(layer.blob().digest())) {
            throw new IOException("layer " + layer.blob().digest() + " is gone");
          }
        }
      } catch (IOException e) {
        records.setAside(record.config(), e);
        configs.remove(record.config());
      }
    }
    return records;
  }

  /**
   * Pulls an image, or finds that all of it is here. When this returns, the image is on disk for
   * good: its blobs are flushed, and its unpacked layers are soon, or are unpacked again should
   * power fail before.
   *
   * @throws PullException saying what failed at which host
   */
  public PulledImage pull(PullRequest request, ProgressListener listener)
      throws PullException, InterruptedException {
    Reference reference;
    try {
      reference = Reference.parse(request.reference());
    } catch (IllegalArgumentException e) {
      throw new PullException.Invalid(String.valueOf(e.getMessage()), e);
    }
    try {
      Puller.Result result = puller.pull(reference, request.credentials(), listener);
      try (Inventory.Hold _ = result.held()) {
        ImageRecord named = inventory.name(result.held().record(), reference, result.top());
        flusher.later(named.layers());
        return new PulledImage(image(named), reference.canonical(), result.downloaded());
      }
    } catch (PullException e) {
      throw e.prefixed("pull " + reference + ": ");
    } catch (IOException | UncheckedIOException e) {
      throw new PullException.Storage("pull " + reference + ": " + e.getMessage(), e);
    }
  }

  /** By tag, digest or what normalises to one, by id or a unique beginning of it. */
  public Optional<Image> find(String referenceOrId) {
    return inventory.find(referenceOrId).map(this::imageUnchecked);
  }

  /** All images, ordered by id. */
  public List<Image> list() {
    return inventory.all().stream().map(this::imageUnchecked).toList();
  }

  private Image imageUnchecked(ImageRecord record) {
    try {
      return image(record);
    } catch (IOException e) {
      throw new UncheckedIOException(record.config() + ": its configuration", e);
    }
  }

  private Image image(ImageRecord record) throws IOException {
    ImageConfig known = configs.get(record.config());
    if (known == null) {
      known = Manifests.config(blobs.verified(record.config()));
      configs.put(record.config(), known);
    }
    boolean pin =
        record.tags().stream().anyMatch(pinned::contains)
            || record.digests().stream().anyMatch(pinned::contains);
    return new Image(
        record.config().toString(), record.tags(), record.digests(), record.size(), known, pin);
  }

  /**
   * Removes the image that {@code referenceOrId} finds, with all its tags and digests (api.proto
   * RemoveImage), and frees what nothing else uses. Layers under lease or below a container stay
   * until let go.
   *
   * @return whether there was one
   */
  public boolean remove(String referenceOrId) throws IOException {
    boolean removed = inventory.remove(referenceOrId);
    configs.keySet().removeIf(id -> inventory.byId(id).isEmpty());
    return removed;
  }

  /**
   * Keeps an image on disk until the lease is closed. Unpacks its layers again when power was lost
   * since they were unpacked, which may take a while.
   *
   * @throws NoSuchElementException when there is no such image
   */
  public ImageLease lease(String referenceOrId) throws IOException, InterruptedException {
    Inventory.Hold hold =
        inventory
            .hold(referenceOrId)
            .orElseThrow(() -> new NoSuchElementException("image " + referenceOrId));
    boolean leased = false;
    try {
      List<ImageRecord.Layer> stack = hold.record().layers();
      layers.restore(stack);
      ImageLease lease =
          new Lease(
              hold, image(hold.record()), layers.lower(stack, config.root().resolve("empty")));
      leased = true;
      return lease;
    } finally {
      if (!leased) {
        hold.close();
      }
    }
  }

  private record Lease(Inventory.Hold hold, Image image, List<Path> lowerDirectories)
      implements ImageLease {
    Lease {
      lowerDirectories = List.copyOf(lowerDirectories);
    }

    @Override
    public void close() {
      hold.close();
    }
  }

  /**
   * Makes a container's writable layer on top of an image; finding it there already with the same
   * image is fine.
   *
   * @throws NoSuchElementException when there is no such image
   */
  public WritableLayer createWritableLayer(String containerId, String imageReferenceOrId)
      throws IOException, InterruptedException {
    try (ImageLease lease = lease(imageReferenceOrId)) {
      return writable.create(containerId, lease.image().id(), lease.lowerDirectories());
    }
  }

  /** A container's writable layer, if there is one. */
  public Optional<WritableLayer> writableLayer(String containerId) {
    return writable.get(containerId);
  }

  /** Ids of all containers that have a writable layer, for finding orphans. */
  public List<String> writableLayers() {
    return writable.all().stream().map(WritableLayer::containerId).toList();
  }

  /**
   * Removes a container's writable layer, which must not be mounted; absent is fine. The files go
   * in the background.
   */
  public void removeWritableLayer(String containerId) throws IOException {
    Optional<WritableLayer> layer = writable.get(containerId);
    writable.remove(containerId);
    if (layer.isPresent()) {
      inventory.released(layer.get());
    }
  }

  /** Counts a container's writable layer by walking it. */
  public FsUsage writableLayerUsage(String containerId) throws IOException {
    return writable.usage(containerId);
  }

  /** Disk use of all images (blobs and unpacked layers), from what is recorded of each. */
  public FsUsage usage() {
    return inventory.usage(config.root());
  }

  @Override
  public void close() {
    registry.close();
    unpackers.shutdown();
    flusher.close();
    trash.close();
  }
}
