package io.crema.image.layer;

import io.crema.image.model.Digest;
import java.util.Set;

/**
 * What is known of an unpacked layer.
 *
 * @param diffId digest of the tar
 * @param bytes disk use, in whole blocks
 * @param rootOpaque hides all layers below it
 * @param implicit directories without an entry of their own, whose attributes are those of the
 *     layer below
 */
public record LayerInfo(
    Digest diffId, long bytes, long inodes, boolean rootOpaque, Set<String> implicit) {
  public LayerInfo {
    implicit = Set.copyOf(implicit);
  }
}
