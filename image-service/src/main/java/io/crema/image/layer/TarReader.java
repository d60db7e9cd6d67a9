package io.crema.image.layer;

import io.crema.image.layer.TarEntry.Piece;
import io.crema.runtime.linux.FileNames;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar archive as Go's archive/tar does, which is what makes and reads images: ustar, PAX,
 * GNU long names, GNU and PAX sparse files; PAX global headers are skipped.
 *
 * <p>Written here and not taken from commons-compress for three reasons: names stay bytes (that
 * library decodes them, and a name that isn't UTF-8 is lost), an extension header is bounded at 1
 * MiB (there it may fill the heap), and there is no record-wise copying on the way of the data.
 */
final class TarReader {
  private static final int BLOCK = 512;

  /** Go's maxSpecialFileSize. */
  private static final int MAX_SPECIAL = 1 << 20;

  /** Less than the largest number by more than the padding. */
  private static final long MAX_SIZE = Long.MAX_VALUE - BLOCK;

  private static final String XATTR = "SCHILY.xattr.";

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private final byte[] buffer = new byte[128 * 1024];
  private int bufferAt;
  private int bufferEnd;

  /** Stored bytes of the current entry that are still to come, and the padding after them. */
  private long remaining;

  private int padding;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next entry, or null at the end. What is left of the current one is skipped. */
  @Nullable TarEntry next() throws IOException {
    Map<String, byte[]> pax = Map.of();
    byte @Nullable [] longName = null;
    byte @Nullable [] longLink = null;
    while (true) {
      skip(remaining + padding);
      remaining = 0;
      padding = 0;
      if (!readHeader()) {
        return null;
      }
      char type = (char) (block[156] & 0xff);
      long size = TarNumbers.field(block, 124, 12, "size");
      if (size < 0 || size > MAX_SIZE) {
        throw LayerException.invalid("tar header: a size of " + size);
      }
      switch (type) {
        case 'x' -> pax = PaxRecords.parse(special(size));
        case 'g' -> special(size);
        case 'L' -> longName = special(size);
        case 'K' -> longLink = special(size);
        default -> {
          return entry(type, size, pax, longName, longLink);
        }
      }
    }
  }

  /** Reads stored bytes of the current entry; -1 after the last. */
  int read(byte[] out, int offset, int length) throws IOException {
    if (remaining == 0) {
      return -1;
    }
    int want = (int) Math.min(length, remaining);
    int n;
    if (bufferAt < bufferEnd) {
      n = Math.min(want, bufferEnd - bufferAt);
      System.arraycopy(buffer, bufferAt, out, offset, n);
      bufferAt += n;
    } else {
      n = in.read(out, offset, want);
      if (n < 0) {
        throw new EOFException("the layer ends within a file");
      }
    }
    remaining -= n;
    return n;
  }

  private TarEntry entry(
      char flag,
      long headerSize,
      Map<String, byte[]> pax,
      byte @Nullable [] longName,
      byte @Nullable [] longLink)
      throws IOException {
    char type = flag == 0 || flag == '7' ? '0' : flag;
    String name = longName != null ? cString(longName) : headerName();
    String link =
        longLink != null ? cString(longLink) : FileNames.decode(block, 157, end(157, 100));
    long size = headerSize;
    long uid = TarNumbers.field(block, 108, 8, "uid");
    long gid = TarNumbers.field(block, 116, 8, "gid");
    long seconds = TarNumbers.field(block, 136, 12, "mtime");
    int nanos = 0;
    Map<String, byte[]> xattrs = Map.of();
    boolean paxSparse = false;
    for (Map.Entry<String, byte[]> e : pax.entrySet()) {
      String key = e.getKey();
      byte[] raw = e.getValue();
      if (key.startsWith(XATTR)) {
        if (xattrs.isEmpty()) {
          xattrs = new HashMap<>();
        }
        xattrs.put(key.substring(XATTR.length()), raw);
        continue;
      }
      if (raw.length == 0) {
        continue; // an empty value takes the record back: the header's own value holds
      }
      switch (key) {
        case "path" -> name = FileNames.decode(raw, 0, raw.length);
        case "linkpath" -> link = FileNames.decode(raw, 0, raw.length);
        case "size" -> size = TarNumbers.decimal(ascii(raw), "size");
        case "uid" -> uid = TarNumbers.decimal(ascii(raw), "uid");
        case "gid" -> gid = TarNumbers.decimal(ascii(raw), "gid");
        case "mtime" -> {
          long[] t = TarNumbers.time(ascii(raw));
          seconds = t[0];
          nanos = (int) t[1];
        }
        default -> paxSparse |= key.startsWith("GNU.sparse.");
      }
    }
    if (size < 0 || size > MAX_SIZE) {
      throw LayerException.invalid("tar: \"" + name + "\" has a size of " + size);
    }
    if (type == '0' && name.endsWith("/")) {
      type = '5'; // before ustar a directory was a file whose name ended so
    }
    boolean hasData = type == '0' || type == 'S' || type > '7' || type < '0';
    remaining = hasData ? size : 0;
    padding = hasData ? (int) (-size & (BLOCK - 1)) : 0;
    List<Piece> pieces = List.of();
    boolean sparse = false;
    // 12 bits of major and 20 of minor: linux/kdev_t.h
    int devMajor = type == '3' || type == '4' ? device(329, 1 << 12, "major") : 0;
    int devMinor = type == '3' || type == '4' ? device(337, 1 << 20, "minor") : 0;
    int mode = (int) TarNumbers.field(block, 100, 8, "mode") & 07777;
    if (type == 'S') {
      type = '0';
      sparse = true;
      size = TarNumbers.field(block, 483, 12, "real size");
      pieces = oldGnuPieces();
    } else if (paxSparse && type == '0') {
      byte[] sparseName = pax.get("GNU.sparse.name");
      if (sparseName != null) {
        name = FileNames.decode(sparseName, 0, sparseName.length);
      }
      SparseMap map = SparseMap.ofPax(pax);
      if (map != null) {
        sparse = true;
        size = map.realSize();
        pieces = map.pieces() != null ? map.pieces() : piecesBeforeData();
      }
    }
    if (sparse) {
      SparseMap.check(name, pieces, size, remaining);
    }
    return new TarEntry(
        type,
        name,
        link,
        mode,
        id(uid, name),
        id(gid, name),
        size,
        seconds,
        nanos,
        devMajor,
        devMinor,
        xattrs,
        sparse,
        pieces);
  }

  private int device(int at, int limit, String what) throws LayerException {
    long n = TarNumbers.field(block, at, 8, what);
    if (n < 0 || n >= limit) {
      throw LayerException.invalid("tar header: device " + what + " " + n + " is out of range");
    }
    return (int) n;
  }

  private static int id(long value, String name) throws LayerException {
    // 2^32-1 means "leave" to chown(2)
    if (value < 0 || value >= 0xffff_ffffL) {
      throw LayerException.invalid("tar: owner " + value + " of \"" + name + "\" is out of range");
    }
    return (int) value;
  }

  private String headerName() {
    String name = FileNames.decode(block, 0, end(0, 100));
    boolean ustar = block[257] == 'u' && block[258] == 's' && block[262] == 0;
    if (ustar && block[345] != 0) {
      return FileNames.decode(block, 345, end(345, 155)) + "/" + name;
    }
    return name;
  }

  /** Up to four pieces in the header, more in blocks after it (GNU tar's sparse.c, "oldgnu"). */
  private List<Piece> oldGnuPieces() throws IOException {
    List<Piece> pieces = new ArrayList<>();
    oldGnuPieces(pieces, 386, 4);
    boolean more = block[482] != 0;
    while (more) {
      if (!readFully(block, BLOCK)) {
        throw new EOFException("the layer ends within a sparse file's map");
      }
      oldGnuPieces(pieces, 0, 21);
      more = block[504] != 0;
    }
    return pieces;
  }

  private void oldGnuPieces(List<Piece> pieces, int from, int count) throws LayerException {
    for (int i = 0; i < count; i++) {
      int at = from + i * 24;
      if (block[at] == 0) {
        return;
      }
      add(
          pieces,
          TarNumbers.field(block, at, 12, "sparse offset"),
          TarNumbers.field(block, at + 12, 12, "sparse length"));
    }
  }

  /** PAX sparse format 1.0: decimal lines in the data's first blocks. */
  private List<Piece> piecesBeforeData() throws IOException {
    long start = remaining;
    long count = mapLine();
    if (count < 0 || count > SparseMap.MAX_PIECES) {
      throw LayerException.tooLarge("tar: a sparse file of " + count + " pieces");
    }
    List<Piece> pieces = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      long offset = mapLine();
      add(pieces, offset, mapLine());
    }
    long pad = -(start - remaining) & (BLOCK - 1);
    if (pad > remaining) {
      throw LayerException.invalid("tar: a sparse file's map is longer than its data");
    }
    skip(pad);
    remaining -= pad;
    return pieces;
  }

  private long mapLine() throws IOException {
    byte[] one = new byte[1];
    long value = 0;
    for (int digits = 0; ; digits++) {
      if (read(one, 0, 1) < 0 || digits > 18) {
        throw LayerException.invalid("tar: a sparse file's map is cut off");
      }
      if (one[0] == '\n') {
        return value;
      }
      if (one[0] < '0' || one[0] > '9') {
        throw LayerException.invalid("tar: a sparse file's map is not of numbers");
      }
      value = value * 10 + (one[0] - '0');
    }
  }

  private static void add(List<Piece> pieces, long offset, long length) throws LayerException {
    if (pieces.size() >= SparseMap.MAX_PIECES) {
      throw LayerException.tooLarge(
          "tar: a sparse file of more than " + SparseMap.MAX_PIECES + " pieces");
    }
    pieces.add(new Piece(offset, length));
  }

  private byte[] special(long size) throws IOException {
    if (size > MAX_SPECIAL) {
      throw LayerException.tooLarge(
          "tar: an extension header of " + size + " bytes: 1 MiB is allowed");
    }
    byte[] data = new byte[(int) size];
    if (!readFully(data, data.length)) {
      throw new EOFException("the layer ends within a tar header");
    }
    skip(-size & (BLOCK - 1));
    return data;
  }

  /** Reads and checks a header; false at the archive's end. */
  private boolean readHeader() throws IOException {
    if (!readFully(block, BLOCK)) {
      return false; // no end marker: allowed, as in Go
    }
    if (isZero()) {
      if (!readFully(block, BLOCK) || isZero()) {
        return false;
      }
      throw LayerException.invalid("tar: a lone zero block between entries");
    }
    long stored = TarNumbers.field(block, 148, 8, "checksum");
    int unsigned = 8 * ' ';
    for (int i = 0; i < BLOCK; i++) {
      unsigned += block[i] & 0xff;
    }
    for (int i = 148; i < 156; i++) {
      unsigned -= block[i] & 0xff; // counts as spaces
    }
    if (stored != unsigned && stored != signedChecksum()) {
      throw LayerException.invalid(
          "not a tar archive, or a damaged one: a header's checksum is wrong");
    }
    return true;
  }

  /** As some old writers counted. */
  private int signedChecksum() {
    int signed = 0;
    for (int i = 0; i < BLOCK; i++) {
      signed += i >= 148 && i < 156 ? ' ' : block[i];
    }
    return signed;
  }

  private boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private int end(int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (block[i] == 0) {
        return i;
      }
    }
    return from + length;
  }

  private static String cString(byte[] raw) {
    int end = 0;
    while (end < raw.length && raw[end] != 0) {
      end++;
    }
    return FileNames.decode(raw, 0, end);
  }

  private static String ascii(byte[] raw) {
    return new String(raw, StandardCharsets.ISO_8859_1);
  }

  private boolean readFully(byte[] out, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (bufferAt == bufferEnd && !fill()) {
        if (done == 0) {
          return false;
        }
        throw new EOFException("the layer ends within a tar header");
      }
      int n = Math.min(length - done, bufferEnd - bufferAt);
      System.arraycopy(buffer, bufferAt, out, done, n);
      bufferAt += n;
      done += n;
    }
    return true;
  }

  private void skip(long count) throws IOException {
    long left = count;
    while (left > 0) {
      if (bufferAt == bufferEnd && !fill()) {
        throw new EOFException("the layer ends within a file");
      }
      int n = (int) Math.min(left, bufferEnd - bufferAt);
      bufferAt += n;
      left -= n;
    }
  }

  private boolean fill() throws IOException {
    int n = in.read(buffer, 0, buffer.length);
    bufferAt = 0;
    bufferEnd = Math.max(n, 0);
    return n > 0;
  }
}
