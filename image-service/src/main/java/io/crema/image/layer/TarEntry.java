package io.crema.image.layer;

import java.util.List;
import java.util.Map;

/**
 * One header of a tar archive, all extensions applied. Names are as {@code FileNames} decodes them.
 *
 * @param type the type flag, with old forms made regular: '0' file, '1' hard link, '2' symbolic
 *     link, '3' character device, '4' block device, '5' directory, '6' fifo, else unknown
 * @param mode permission bits with setuid, setgid and sticky
 * @param size bytes of the file when unpacked
 * @param pieces for a sparse file the pieces that hold data, in order; empty for others
 * @param xattrs by name
 */
record TarEntry(
    char type,
    String name,
    String linkName,
    int mode,
    int uid,
    int gid,
    long size,
    long mtimeSeconds,
    int mtimeNanos,
    int major,
    int minor,
    Map<String, byte[]> xattrs,
    boolean sparse,
    List<Piece> pieces) {

  /** A run of data in a sparse file. */
  record Piece(long offset, long length) {}
}
