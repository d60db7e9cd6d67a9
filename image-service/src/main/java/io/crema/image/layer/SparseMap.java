package io.crema.image.layer;

import io.crema.image.layer.TarEntry.Piece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a sparse file's data lies (GNU tar manual, "Storing Sparse Files").
 *
 * @param pieces null when they stand before the data (format 1.0)
 */
record SparseMap(long realSize, @Nullable List<Piece> pieces) {
  /** As many as an extension header of 1 MiB can hold, and a program can want. */
  static final int MAX_PIECES = 100_000;

  /** What PAX records say, or null when they describe no sparse file. */
  static @Nullable SparseMap ofPax(Map<String, byte[]> pax) throws LayerException {
    String major = text(pax, "GNU.sparse.major");
    if ("1".equals(major)) {
      String real = text(pax, "GNU.sparse.realsize");
      if (real == null) {
        throw LayerException.invalid("tar: a sparse file without its size");
      }
      return new SparseMap(TarNumbers.decimal(real, "real size"), null);
    }
    String map = text(pax, "GNU.sparse.map");
    String size = text(pax, "GNU.sparse.size");
    if (map == null || size == null) {
      return null;
    }
    String[] numbers = map.isEmpty() ? new String[0] : map.split(",", 2 * MAX_PIECES + 1);
    if (numbers.length > 2 * MAX_PIECES) {
      throw LayerException.tooLarge("tar: a sparse file of more than " + MAX_PIECES + " pieces");
    }
    if (numbers.length % 2 != 0) {
      throw LayerException.invalid("tar: a sparse file's map has an odd number of numbers");
    }
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < numbers.length; i += 2) {
      pieces.add(
          new Piece(
              TarNumbers.decimal(numbers[i], "sparse offset"),
              TarNumbers.decimal(numbers[i + 1], "sparse length")));
    }
    return new SparseMap(TarNumbers.decimal(size, "real size"), pieces);
  }

  /** Refuses pieces out of order, beyond the end, or of another length than the stored data. */
  static void check(String name, List<Piece> pieces, long size, long stored) throws LayerException {
    long end = 0;
    long sum = 0;
    for (Piece p : pieces) {
      if (p.offset() < end
          || p.length() < 0
          || p.length() > size
          || p.offset() > size - p.length()) {
        throw LayerException.invalid("tar: \"" + name + "\" has a damaged sparse map");
      }
      end = p.offset() + p.length();
      sum += p.length();
    }
    if (size < 0 || sum != stored) {
      throw LayerException.invalid(
          "tar: sparse \"" + name + "\" stores " + stored + " bytes, its map has " + sum);
    }
  }

  private static @Nullable String text(Map<String, byte[]> pax, String key) {
    byte[] raw = pax.get(key);
    return raw == null ? null : new String(raw, StandardCharsets.ISO_8859_1);
  }
}
