package io.crema.image.layer;

/**
 * What one layer may unpack to.
 *
 * @param ratio unpacked to packed bytes, looked at beyond 1 GiB
 */
public record UnpackLimits(long bytes, int ratio, long entries) {}
