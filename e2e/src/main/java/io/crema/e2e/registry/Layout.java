package io.crema.e2e.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A registry's content in a directory: {@code blobs/sha256/HEX} for every blob and manifest, {@code
 * types/HEX} with a manifest's media type, and {@code tags/NAME/TAG} with the digest that a tag
 * means.
 */
public record Layout(Path directory) {

  /**
   * A blob as a descriptor names it: {@code digest} is {@code sha256:HEX}, {@code size} in bytes.
   */
  public record Blob(String digest, long size) {}

  private static final String ALGORITHM = "sha256:";

  /** Writes what {@code source} gives as a blob; a blob that is there already stays as it is. */
  public Blob add(BlobSource source) throws IOException {
    Files.createDirectories(blobs());
    Path part = Files.createTempFile(blobs(), "part", "");
    MessageDigest hash = sha256();
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(part), hash)) {
      source.writeTo(out);
    }
    String hex = HexFormat.of().formatHex(hash.digest());
    long size = Files.size(part);
    Files.move(part, blobs().resolve(hex), StandardCopyOption.ATOMIC_MOVE);
    return new Blob(ALGORITHM + hex, size);
  }

  /** Keeps a manifest or index and gives it a tag. */
  public Blob addManifest(String name, String tag, String mediaType, byte[] json)
      throws IOException {
    Blob blob = add(out -> out.write(json));
    Path type = directory.resolve("types").resolve(hex(blob.digest()));
    Files.createDirectories(type.getParent());
    Files.writeString(type, mediaType);
    tag(name, tag, blob.digest());
    return blob;
  }

  /** Makes {@code name:tag} mean {@code digest}. */
  public void tag(String name, String tag, String digest) throws IOException {
    Path file = tags(name).resolve(tag);
    Files.createDirectories(file.getParent());
    Files.writeString(file, digest);
  }

  /**
   * The digest that a reference (a tag or a digest) of a repository means, or nothing when it isn't
   * here.
   */
  public Optional<String> resolve(String name, String reference) throws IOException {
    if (reference.startsWith(ALGORITHM)) {
      return Optional.of(reference);
    }
    Path file = tags(name).resolve(reference);
    return Files.isRegularFile(file) ? Optional.of(Files.readString(file)) : Optional.empty();
  }

  /** The tags of a repository, sorted. */
  public List<String> tagsOf(String name) throws IOException {
    if (!Files.isDirectory(tags(name))) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(tags(name))) {
      return files
          .filter(Files::isRegularFile)
          .map(f -> f.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** The file of a blob, or nothing when it isn't here. */
  public Optional<Path> blob(String digest) {
    Path file = blobs().resolve(hex(digest));
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  /** The media type of a manifest, or nothing when the digest isn't that of a manifest. */
  public Optional<String> manifestType(String digest) throws IOException {
    Path file = directory.resolve("types").resolve(hex(digest));
    return Files.isRegularFile(file) ? Optional.of(Files.readString(file)) : Optional.empty();
  }

  static String sha256Of(InputStream in) throws IOException {
    MessageDigest hash = sha256();
    in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), hash));
    return ALGORITHM + HexFormat.of().formatHex(hash.digest());
  }

  private Path blobs() {
    return directory.resolve("blobs/sha256");
  }

  private Path tags(String name) {
    return directory.resolve("tags").resolve(name);
  }

  private static String hex(String digest) {
    String hex = digest.startsWith(ALGORITHM) ? digest.substring(ALGORITHM.length()) : "";
    return hex.matches("[0-9a-f]{64}") ? hex : "none";
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Something that writes a blob's bytes. */
  @FunctionalInterface
  public interface BlobSource {
    /** Writes the bytes. */
    void writeTo(OutputStream out) throws IOException;
  }
}
