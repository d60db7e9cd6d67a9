/**
 * From a layer's bytes to a directory tree that overlayfs can use, and the trees' life on disk.
 *
 * <p>Owns decompression, the tar reader, the confined writing of files ({@link
 * io.crema.image.layer.TreeWriter}), the directories of unpacked layers and of containers, and the
 * removal of trees. Everything in a layer is hostile. It knows nothing of registries and manifests.
 * Start reading at {@link io.crema.image.layer.LayerUnpacker}.
 */
@NullMarked
package io.crema.image.layer;

import org.jspecify.annotations.NullMarked;
