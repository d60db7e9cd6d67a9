package io.crema.image.layer;

import java.util.ArrayDeque;

/** Names of tar entries. */
final class EntryNames {
  /** OCI layer.md: a file of this prefix deletes the name after it. */
  static final String WHITEOUT = ".wh.";

  /** aufs's names that aren't files. */
  static final String WHITEOUT_META = ".wh..wh.";

  /** Hides a directory's content in the layers below. */
  static final String OPAQUE_MARKER = ".wh..wh..opq";

  private static final int PATH_MAX = 4096;

  private EntryNames() {}

  /**
   * The name relative to the layer's root, without {@code .}, empty parts, and with {@code ..}
   * resolved by the text and stopped at the root, as containerd's filepath.Clean and RootPath do;
   * empty for the root itself.
   */
  static String clean(String name) throws LayerException {
    if (name.length() > PATH_MAX) {
      throw LayerException.invalid(
          "a name of " + name.length() + " characters; Linux allows " + PATH_MAX);
    }
    if (name.indexOf('\0') >= 0) {
      throw LayerException.invalid("a name with a NUL character");
    }
    if (isClean(name)) {
      return name;
    }
    ArrayDeque<String> parts = new ArrayDeque<>();
    for (String part : name.split("/", -1)) {
      switch (part) {
        case "", "." -> {}
        case ".." -> parts.pollLast();
        default -> parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }

  private static boolean isClean(String name) {
    int start = 0;
    for (int i = 0; i <= name.length(); i++) {
      if (i == name.length() || name.charAt(i) == '/') {
        int length = i - start;
        if (length == 0
            || (length == 1 && name.charAt(start) == '.')
            || (length == 2 && name.charAt(start) == '.' && name.charAt(start + 1) == '.')) {
          return false;
        }
        start = i + 1;
      }
    }
    return true;
  }
}
