package io.crema.image.store;

import io.crema.image.model.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Blobs by digest, laid out as an OCI image layout's {@code blobs/sha256}. A blob that is there is
 * whole and verified; it is never changed.
 */
public final class BlobStore {
  private final Path blobs;
  private final Path ingest;

  /** Uses {@code root/blobs/sha256}, and {@code ingest} for what is on its way. */
  public BlobStore(Path root, Path ingest) throws IOException {
    this.blobs = root.resolve("blobs").resolve("sha256");
    this.ingest = ingest;
    Files.createDirectories(blobs);
    Files.createDirectories(ingest);
  }

  /** Whether it is there. */
  public boolean has(Digest digest) {
    return Files.exists(path(digest));
  }

  /** Where it lies, or would. */
  public Path path(Digest digest) {
    return blobs.resolve(digest.hex());
  }

  /**
   * Reads a small blob and verifies it.
   *
   * @throws java.nio.file.NoSuchFileException when it isn't there
   * @throws IOException also when the disk has lost its content
   */
  public byte[] verified(Digest digest) throws IOException {
    byte[] content = Files.readAllBytes(path(digest));
    if (!Digest.of(content).equals(digest)) {
      throw new IOException(path(digest) + ": damaged: its content has another digest");
    }
    return content;
  }

  /** Opens a blob. */
  public InputStream open(Digest digest) throws IOException {
    return Files.newInputStream(path(digest));
  }

  /** Stores a small blob, whose digest the caller has verified. */
  public void put(Digest digest, byte[] content) throws IOException {
    if (!has(digest)) {
      DurableFiles.write(path(digest), content);
    }
  }

  /** All that are there. */
  public List<Digest> list() throws IOException {
    List<Digest> out = new ArrayList<>();
    try (Stream<Path> files = Files.list(blobs)) {
      for (Path p : files.toList()) {
        String name = p.getFileName().toString();
        if (Digest.isDigest("sha256:" + name)) {
          out.add(new Digest(name));
        } else {
          Files.delete(p); // left by a crash while it was written
        }
      }
    }
    return out;
  }

  /** Removes a blob; absent is fine. */
  public void remove(Digest digest) throws IOException {
    Files.deleteIfExists(path(digest));
  }

  /** Starts to store a blob. */
  public Ingest begin(Digest expected, long size) throws IOException {
    return new Ingest(expected, size);
  }

  /** A blob on its way: hashed while it is written, named only when verified. Of one thread. */
  public final class Ingest implements AutoCloseable {
    private final Digest expected;
    private final long size;
    private final Path file = ingest.resolve("blob-" + UUID.randomUUID());
    private final FileChannel out;
    private final MessageDigest hash = Digest.newHash();
    private long written;

    private Ingest(Digest expected, long size) throws IOException {
      this.expected = expected;
      this.size = size;
      this.out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Appends; more than the announced size is refused before it is written. */
    public void write(byte[] data, int offset, int length) throws IOException {
      if (written + length > size) {
        throw new BlobMismatch(
            expected + " is longer than the " + size + " bytes that the manifest says");
      }
      hash.update(data, offset, length);
      ByteBuffer rest = ByteBuffer.wrap(data, offset, length);
      while (rest.hasRemaining()) {
        out.write(rest);
      }
      written += length;
    }

    /** Bytes so far. */
    public long written() {
      return written;
    }

    /** Verifies, flushes and names the blob. */
    public void commit() throws IOException {
      if (written != size) {
        throw new BlobMismatch(
            expected + " has " + written + " bytes where the manifest says " + size);
      }
      Digest actual = Digest.ofHash(hash.digest());
      if (!actual.equals(expected)) {
        throw new BlobMismatch(
            "content has digest " + actual + " where " + expected + " was asked");
      }
      out.force(true);
      DurableFiles.rename(file, path(expected));
    }

    /** Drops what wasn't committed. */
    @Override
    public void close() throws IOException {
      out.close();
      Files.deleteIfExists(file);
    }
  }

  /** The content isn't what its digest or size promises. */
  public static final class BlobMismatch extends IOException {
    private static final long serialVersionUID = 1;

    private BlobMismatch(String message) {
      super(message);
    }
  }
}
