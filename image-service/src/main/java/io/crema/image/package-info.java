/**
 * The image service: pull, list, remove images, and lend their layers to containers.
 *
 * <p>This package is the whole API for the modules below: {@link io.crema.image.ImageService} and
 * the records that it takes and gives, with the values of {@code io.crema.image.model}. The
 * packages {@code registry} (network), {@code store} (blobs and records) and {@code layer}
 * (unpacked trees) are its own business. It knows nothing of pods, CRI messages or mounts.
 */
@NullMarked
package io.crema.image;

import org.jspecify.annotations.NullMarked;
