package io.crema.image.layer;

import java.nio.charset.StandardCharsets;

/** How tar headers write numbers: octal text, GNU's base-256, and PAX's decimal times. */
final class TarNumbers {
  private TarNumbers() {}

  /** A numeric header field. */
  static long field(byte[] block, int from, int length, String what) throws LayerException {
    if ((block[from] & 0x80) != 0) {
      return base256(block, from, length, what);
    }
    long value = 0;
    boolean digits = false;
    for (int i = from; i < from + length; i++) {
      byte c = block[i];
      if (c >= '0' && c <= '7') {
        value = (value << 3) | (c - '0');
        digits = true;
        if (value < 0) {
          throw LayerException.invalid("tar header: " + what + " is too large");
        }
      } else if (c == ' ' || c == 0) {
        if (digits) {
          break;
        }
      } else {
        throw LayerException.invalid(
            "tar header: "
                + what
                + " is not an octal number but \""
                + text(block, from, length)
                + "\"");
      }
    }
    return value;
  }

  private static long base256(byte[] block, int from, int length, String what)
      throws LayerException {
    boolean negative = (block[from] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = 0; i < length; i++) {
      int b = block[from + i] & 0xff;
      if (i == 0) {
        b = negative ? b | 0x80 : b & 0x7f;
      }
      if (value >>> 55 != (negative ? 0x1ff : 0)) {
        throw LayerException.invalid("tar header: " + what + " is too large");
      }
      value = (value << 8) | b;
    }
    return value;
  }

  private static String text(byte[] block, int from, int length) {
    return new String(block, from, length, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "?");
  }

  /** A decimal number of a PAX record. */
  static long decimal(String text, String what) throws LayerException {
    try {
      return Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      throw LayerException.invalid("tar: PAX " + what + " \"" + text + "\" is not a number", e);
    }
  }

  /** Seconds and nanoseconds of a PAX time such as {@code -1.25}: nanoseconds count upwards. */
  static long[] time(String text) throws LayerException {
    int dot = text.indexOf('.');
    String whole = dot < 0 ? text : text.substring(0, dot);
    boolean negative = whole.startsWith("-");
    long seconds = whole.isEmpty() || whole.equals("-") ? 0 : decimal(whole, "time");
    long nanos = 0;
    if (dot >= 0) {
      String fraction = (text.substring(dot + 1) + "000000000").substring(0, 9);
      nanos = decimal(fraction, "time");
    }
    if (negative && nanos != 0) {
      return new long[] {seconds - 1, 1_000_000_000 - nanos};
    }
    return new long[] {seconds, nanos};
  }
}
