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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Images of one node: pull, look up, list, remove, lend to containers. One instance owns its root
 * directory; all methods may be called from any thread at once.
 */
public final class ImageService implements AutoCloseable {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final ImageServiceConfig config;
  private final Trash trash;
  private final BlobStore blobs;
  private final LayerStore layerStore;
  private final ImageRecords records;
  private final Layers layers;
  private final WritableLayers writable;
  private final RegistryClient registry;
  private final Puller puller;
  private final ExecutorService unpackers;
  private final Set<String> pinned;

  /**
   * Held while names and what they keep change, so that nothing is freed that a pull has just
   * found.
   */
  private final ReentrantLock lock = new ReentrantLock();

  /** How many leases each image has; guarded by {@link #lock}. */
  private final Map<Digest, List<ImageRecord>> leased = new ConcurrentHashMap<>();

  private final Map<Digest, ImageConfig> configs = new ConcurrentHashMap<>();

  private ImageService(ImageServiceConfig config) throws IOException {
    this.config = config;
    Path root = Files.createDirectories(config.root());
    Path ingest = root.resolve("ingest");
    trash = new Trash(root.resolve("trash"));
    if (Files.isDirectory(ingest)) {
      try (Stream<Path> left = Files.list(ingest)) {
        for (Path p : left.toList()) {
          trash.discard(p); // of pulls that a crash ended
        }
      }
    }
    blobs = new BlobStore(root, ingest);
    layerStore = new LayerStore(root, ingest, trash, Files.readString(BOOT_ID).strip());
    layerStore.load();
    records = new ImageRecords(root);
    unpackers =
        Executors.newCachedThreadPool(Thread.ofPlatform().name("unpack-", 0).daemon().factory());
    layers = new Layers(blobs, layerStore, config.limits(), unpackers);
    writable = new WritableLayers(root, trash);
    registry = new RegistryClient(config);
    puller = new Puller(config, registry, blobs, layers);
    pinned = new HashSet<>();
    for (String reference : config.pinned()) {
      pinned.add(Reference.parse(reference).canonical());
    }
    sweep();
  }

  /**
   * Opens the store, creating it if absent: reads the records (a damaged one is set aside and named
   * in the log) and removes what crashed pulls left.
   */
  public static ImageService open(ImageServiceConfig config) throws IOException {
    return new ImageService(config);
  }

  /**
   * Pulls an image, or finds that all of it is here. When this returns, the image is on disk for
   * good.
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
      Puller.Result result = puller.pull(reference, request.credentials(), listener, this::hold);
      try (ImageLease _ = result.held()) {
        ImageRecord named = name(result.record(), reference, result.top());
        layerStore.flush(
            named.layers().stream().map(l -> LayerStore.key(l.diffId())).distinct().toList());
        return new PulledImage(image(named), reference.canonical(), result.downloaded());
      }
    } catch (PullException e) {
      throw e.prefixed("pull " + reference + ": ");
    } catch (IOException e) {
      throw new PullException.Storage("pull " + reference + ": " + e.getMessage(), e);
    }
  }

  /** Gives the image its names and takes its tag from the image that had it. */
  private ImageRecord name(ImageRecord pulled, Reference reference, Digest top) throws IOException {
    List<String> tags = reference.tagged().stream().toList();
    lock.lock();
    try {
      for (ImageRecord other : records.all()) {
        for (String tag : tags) {
          if (!other.config().equals(pulled.config()) && other.tags().contains(tag)) {
            records.save(other.without(tag));
          }
        }
      }
      ImageRecord known = records.get(pulled.config()).orElse(pulled);
      ImageRecord named = known.named(tags, List.of(reference.withDigest(top)), pulled.manifests());
      if (!named.equals(records.get(pulled.config()).orElse(null))) {
        records.save(named);
      }
      return named;
    } finally {
      lock.unlock();
    }
  }

  /** By id, unique beginning of an id, tag, digest or anything that normalises to one. */
  public Optional<Image> find(String referenceOrId) {
    return record(referenceOrId).map(this::imageUnchecked);
  }

  private Optional<ImageRecord> record(String text) {
    String hex = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    if (hex.matches("[0-9a-f]{6,64}")) {
      List<ImageRecord> found =
          records.all().stream().filter(r -> r.config().hex().startsWith(hex)).toList();
      if (found.size() == 1) {
        return Optional.of(found.getFirst());
      }
    }
    Reference reference;
    try {
      reference = Reference.parse(text);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // not a name that an image could have
    }
    String name = reference.canonical();
    return records.all().stream()
        .filter(r -> r.tags().contains(name) || r.digests().contains(name))
        .findFirst();
  }

  /** All images, ordered by id. */
  public List<Image> list() {
    return records.all().stream().map(this::imageUnchecked).toList();
  }

  private Image imageUnchecked(ImageRecord record) {
    try {
      return image(record);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(record.config() + ": its configuration", e);
    }
  }

  private Image image(ImageRecord record) throws IOException {
    ImageConfig known = configs.get(record.config());
    if (known == null) {
      known = Manifests.config(blobs.read(record.config()));
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
    lock.lock();
    try {
      Optional<ImageRecord> found = record(referenceOrId);
      if (found.isEmpty()) {
        return false;
      }
      records.delete(found.get().config());
      configs.remove(found.get().config());
      sweep();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Frees the blobs and layers that no image, lease or container uses. */
  private void sweep() throws IOException {
    lock.lock();
    try {
      Set<Digest> usedBlobs = new HashSet<>();
      Set<String> usedLayers = new HashSet<>();
      List<ImageRecord> keepers = new ArrayList<>(records.all());
      leased.values().forEach(keepers::addAll);
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
        layer.lower().forEach(p -> usedLayers.add(layerStore.keyOf(p)));
      }
      for (Digest digest : blobs.list()) {
        if (!usedBlobs.contains(digest)) {
          blobs.remove(digest);
        }
      }
      for (String key : layerStore.keys()) {
        if (!usedLayers.contains(key)) {
          layerStore.remove(key);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Keeps an image on disk until the lease is closed. Unpacks its layers again when power was lost
   * since they were unpacked, which may take a while.
   *
   * @throws NoSuchElementException when there is no such image
   */
  public ImageLease lease(String referenceOrId) throws IOException, InterruptedException {
    ImageRecord record;
    Hold hold;
    lock.lock();
    try {
      record =
          record(referenceOrId)
              .orElseThrow(() -> new NoSuchElementException("image " + referenceOrId));
      hold = hold(record);
    } finally {
      lock.unlock();
    }
    try {
      layers.restore(record.layers());
      hold.set(image(record), layers.lower(record.layers(), config.root().resolve("empty")));
      return hold;
    } catch (IOException | InterruptedException | RuntimeException e) {
      hold.close();
      throw e;
    }
  }

  /** Keeps what {@code record} names from being freed. */
  private Hold hold(ImageRecord record) {
    lock.lock();
    try {
      leased.computeIfAbsent(record.config(), _ -> new ArrayList<>()).add(record);
      return new Hold(record);
    } finally {
      lock.unlock();
    }
  }

  /** A lease. */
  private final class Hold implements ImageLease {
    private final ImageRecord record;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile List<Path> lower = List.of();
    private volatile @org.jspecify.annotations.Nullable Image image;

    Hold(ImageRecord record) {
      this.record = record;
    }

    void set(Image known, List<Path> directories) {
      image = known;
      lower = List.copyOf(directories);
    }

    @Override
    public Image image() {
      Image known = image;
      return known == null ? imageUnchecked(record) : known;
    }

    @Override
    public List<Path> lowerDirectories() {
      return lower;
    }

    @Override
    public void close() {
      if (!closed.compareAndSet(false, true)) {
        return;
      }
      lock.lock();
      try {
        List<ImageRecord> all = leased.getOrDefault(record.config(), new ArrayList<>());
        all.remove(record);
        if (all.isEmpty()) {
          leased.remove(record.config());
          if (records.get(record.config()).isEmpty()) {
            sweep(); // the image was removed, or never named, meanwhile
          }
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException("free what image " + record.config() + " kept", e);
      } finally {
        lock.unlock();
      }
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
    if (layer.isPresent() && records.get(Digest.parse(layer.get().imageId())).isEmpty()) {
      sweep(); // its image was removed while the container lived
    }
  }

  /** Counts a container's writable layer by walking it. */
  public FsUsage writableLayerUsage(String containerId) throws IOException {
    return writable.usage(containerId);
  }

  /** Disk use of all images (blobs and unpacked layers), from what is recorded of each. */
  public FsUsage usage() {
    long bytes = 0;
    long inodes = 0;
    Set<Digest> counted = new HashSet<>();
    for (ImageRecord record : records.all()) {
      for (ImageRecord.Layer layer : record.layers()) {
        if (counted.add(layer.diffId())) {
          bytes += layer.blob().size();
          inodes++;
          try {
            var info = layerStore.info(LayerStore.key(layer.diffId()));
            bytes += info.bytes();
            inodes += info.inodes();
          } catch (IOException e) {
            bytes += 0; // lost with the power: unpacked again when wanted
          }
        }
      }
    }
    return new FsUsage(config.root(), bytes, inodes, Instant.now());
  }

  @Override
  public void close() {
    registry.close();
    unpackers.shutdown();
    trash.close();
  }
}
