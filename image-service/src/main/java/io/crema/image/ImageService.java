package io.crema.image;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Images of one node: pull, look up, list, remove, lend to containers. One instance owns its root
 * directory; all methods may be called from any thread at once.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class ImageService implements AutoCloseable {
  private final ImageServiceConfig config;

  private ImageService(ImageServiceConfig config) {
    this.config = config;
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
   * good. Interrupting the caller gives the pull up, unless another caller waits for the same
   * layers.
   *
   * @throws PullException saying what failed at which host
   */
  public PulledImage pull(PullRequest request, ProgressListener listener)
      throws PullException, InterruptedException {
    throw new UnsupportedOperationException(request + " " + listener);
  }

  /** By id, unique beginning of an id, tag, digest or anything that normalises to one. */
  public Optional<Image> find(String referenceOrId) {
    throw new UnsupportedOperationException(referenceOrId);
  }

  /** All images, ordered by id. */
  public List<Image> list() {
    throw new UnsupportedOperationException();
  }

  /**
   * Removes the image that {@code referenceOrId} finds, with all its tags and digests (api.proto
   * RemoveImage), and frees what nothing else uses. Layers under lease or below a container stay
   * until let go.
   *
   * @return whether there was one
   */
  public boolean remove(String referenceOrId) throws IOException {
    throw new UnsupportedOperationException(referenceOrId);
  }

  /**
   * Keeps an image on disk until the lease is closed. Unpacks its layers again when power was lost
   * since they were unpacked, which may take a while.
   *
   * @throws java.util.NoSuchElementException when there is no such image
   */
  public ImageLease lease(String referenceOrId) throws IOException, InterruptedException {
    throw new UnsupportedOperationException(referenceOrId);
  }

  /**
   * Makes a container's writable layer on top of an image; finding it there already with the same
   * image is fine.
   *
   * @throws java.util.NoSuchElementException when there is no such image
   */
  public WritableLayer createWritableLayer(String containerId, String imageReferenceOrId)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException(containerId + imageReferenceOrId);
  }

  /** A container's writable layer, if there is one. */
  public Optional<WritableLayer> writableLayer(String containerId) {
    throw new UnsupportedOperationException(containerId);
  }

  /** Ids of all containers that have a writable layer, for finding orphans. */
  public List<String> writableLayers() {
    throw new UnsupportedOperationException();
  }

  /**
   * Removes a container's writable layer, which must not be mounted; absent is fine. The files go
   * in the background.
   */
  public void removeWritableLayer(String containerId) throws IOException {
    throw new UnsupportedOperationException(containerId);
  }

  /** Counts a container's writable layer by walking it. */
  public FsUsage writableLayerUsage(String containerId) throws IOException {
    throw new UnsupportedOperationException(containerId);
  }

  /** Disk use of all images (blobs and unpacked layers), from counters. */
  public FsUsage usage() {
    throw new UnsupportedOperationException(config.toString());
  }

  @Override
  public void close() {}
}
