package io.crema.image.layer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The records of a PAX extended header: {@code "%d %s=%s\n"}, the number being a record's length.
 */
final class PaxRecords {
  private PaxRecords() {}

  /** By key; of a key that comes twice the last one holds. */
  static Map<String, byte[]> parse(byte[] data) throws LayerException {
    Map<String, byte[]> records = new HashMap<>();
    StringBuilder sparse = new StringBuilder();
    int at = 0;
    while (at < data.length) {
      int space = at;
      long length = 0;
      while (space < data.length && isDigit(data[space]) && length <= data.length) {
        length = length * 10 + (data[space++] - '0');
      }
      boolean damaged =
          space == data.length
              || data[space] != ' '
              || length > data.length - at
              || length <= space - at + 1 // at least a newline after the space
              || data[at + (int) length - 1] != '\n';
      if (damaged) {
        throw LayerException.invalid("tar: a damaged PAX record");
      }
      int end = at + (int) length - 1;
      int equals = space + 1;
      while (equals < end && data[equals] != '=') {
        equals++;
      }
      if (equals == end || equals == space + 1) {
        throw LayerException.invalid("tar: a PAX record without key or \"=\"");
      }
      String key = new String(data, space + 1, equals - space - 1, StandardCharsets.UTF_8);
      byte[] value = Arrays.copyOfRange(data, equals + 1, end);
      if (key.indexOf('\0') >= 0 || (isName(key) && hasNul(value))) {
        throw LayerException.invalid("tar: a PAX record with a NUL in it"); // as Go does
      }
      if (key.equals("GNU.sparse.offset") || key.equals("GNU.sparse.numbytes")) {
        // format 0.0 repeats these two keys; joined they are the map of format 0.1
        sparse.append(sparse.isEmpty() ? "" : ",");
        sparse.append(new String(value, StandardCharsets.ISO_8859_1));
      } else {
        records.put(key, value);
      }
      at = end + 1;
    }
    if (!sparse.isEmpty()) {
      records.put("GNU.sparse.map", sparse.toString().getBytes(StandardCharsets.ISO_8859_1));
    }
    return records;
  }

  private static boolean isName(String key) {
    return switch (key) {
      case "path", "linkpath", "uname", "gname", "GNU.sparse.name" -> true;
      default -> false;
    };
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  private static boolean hasNul(byte[] value) {
    for (byte b : value) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }
}
