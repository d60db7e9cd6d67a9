package io.crema.image;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Disk use.
 *
 * @param directory an existing directory on the file system in question (CRI: fs_id.mountpoint)
 * @param at when this was counted
 */
public record FsUsage(Path directory, long usedBytes, long inodes, Instant at) {}
