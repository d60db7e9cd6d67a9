package io.crema.image;

/**
 * A pull's result.
 *
 * @param image as it is now listed; {@code image.id()} is the CRI's image_ref
 * @param reference the normalised reference that was pulled
 * @param downloadedBytes what came over the network for this call; 0 when all was there
 */
public record PulledImage(Image image, String reference, long downloadedBytes) {}
