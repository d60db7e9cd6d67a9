package io.crema.sandbox.model;

/**
 * What a container has written. Counted by walking, so in the background: it may be older than the
 * rest.
 *
 * @param path of the layer on the host
 * @param timestamp nanoseconds since the epoch, when it was counted
 * @param bytes -1 while it is being counted for the first time
 * @param inodes as {@code bytes}
 */
public record LayerUsage(String path, long timestamp, long bytes, long inodes) {}
