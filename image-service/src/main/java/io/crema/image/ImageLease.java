package io.crema.image;

import io.crema.image.model.ImageConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * Keeps an image's blobs and layers on disk while it is open, whatever is removed meanwhile. In
 * memory only: what must survive a restart of the daemon is held by a {@link WritableLayer}.
 */
public interface ImageLease extends AutoCloseable {
  /** The image, as it was when leased. */
  Image image();

  /** Its configuration. */
  default ImageConfig config() {
    return image().config();
  }

  /** The unpacked layers, top first, for overlay's {@code lowerdir+}; empty for an empty image. */
  List<Path> lowerDirectories();

  /** Lets go; a second call does nothing. */
  @Override
  void close();
}
