package io.crema.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * File names as strings without loss: the kernel's names are bytes, mostly but not always UTF-8. A
 * byte that isn't part of UTF-8 becomes a lone surrogate U+DC80 to U+DCFF and back (Python's
 * surrogateescape, PEP 383).
 */
public final class FileNames {
  private FileNames() {}

  /** The bytes of {@code name}. */
  public static byte[] encode(String name) {
    int firstEscape = -1;
    for (int i = 0; i < name.length(); i++) {
      if (isEscape(name.charAt(i)) && (i == 0 || !Character.isHighSurrogate(name.charAt(i - 1)))) {
        firstEscape = i;
        break;
      }
    }
    if (firstEscape < 0) {
      return name.getBytes(StandardCharsets.UTF_8);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(name.length() + 16);
    int plainFrom = 0;
    for (int i = firstEscape; i < name.length(); i++) {
      if (isEscape(name.charAt(i)) && (i == 0 || !Character.isHighSurrogate(name.charAt(i - 1)))) {
        out.writeBytes(name.substring(plainFrom, i).getBytes(StandardCharsets.UTF_8));
        out.write(name.charAt(i) & 0xff);
        plainFrom = i + 1;
      }
    }
    out.writeBytes(name.substring(plainFrom).getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  /** The name that {@code bytes[from..to)} spell. */
  public static String decode(byte[] bytes, int from, int to) {
    boolean ascii = true;
    for (int i = from; i < to; i++) {
      ascii &= bytes[i] >= 0;
    }
    if (ascii) {
      return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // reports what is malformed
    ByteBuffer in = ByteBuffer.wrap(bytes, from, to - from);
    CharBuffer out = CharBuffer.allocate(to - from);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (0xdc00 | (in.get() & 0xff)));
      }
      decoder.reset();
    }
  }

  private static boolean isEscape(char c) {
    return c >= '\udc80' && c <= '\udcff';
  }
}
