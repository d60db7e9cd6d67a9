package io.crema.image.model;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A SHA-256 content digest, printed {@code sha256:<64 hex digits>}.
 *
 * <p>The OCI image specification registers sha512 too; no registry in use serves it and
 * containerd's CRI side has never met it, so it is refused by name.
 *
 * @param hex 64 lower-case hex digits
 */
public record Digest(String hex) implements Comparable<Digest> {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
  private static final String PREFIX = "sha256:";

  public Digest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "\"" + shorten(hex) + "\" is not 64 lower-case hex digits");
    }
  }

  /**
   * Reads {@code sha256:…}.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static Digest parse(String text) {
    if (!text.startsWith(PREFIX)) {
      throw new IllegalArgumentException(
          "digest \"" + shorten(text) + "\": only sha256:<64 hex digits> is supported");
    }
    return new Digest(text.substring(PREFIX.length()));
  }

  /** Whether {@code text} is a whole {@code sha256:…} digest. */
  public static boolean isDigest(String text) {
    return text.startsWith(PREFIX) && HEX.matcher(text.substring(PREFIX.length())).matches();
  }

  /** The digest of {@code bytes}. */
  public static Digest of(byte[] bytes) {
    return ofHash(newHash().digest(bytes));
  }

  /** Takes a finished SHA-256 value. */
  public static Digest ofHash(byte[] hash) {
    if (hash.length != 32) {
      throw new IllegalArgumentException("a SHA-256 value has 32 bytes, not " + hash.length);
    }
    return new Digest(HexFormat.of().formatHex(hash));
  }

  /** A fresh SHA-256. */
  public static MessageDigest newHash() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String shorten(String s) {
    return s.length() <= 100 ? s : s.substring(0, 100) + "…";
  }

  @Override
  public int compareTo(Digest other) {
    return hex.compareTo(other.hex);
  }

  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
