package io.crema.image.layer;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.crema.image.model.Compression;
import io.crema.image.model.Digest;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Paths;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Decompresses, hashes and unpacks a layer in one pass, on the calling (platform) thread. */
public final class LayerUnpacker {
  /** zstd -27: 128 MiB, what decoders accept without being asked. */
  private static final int ZSTD_WINDOW_LOG = 27;

  private LayerUnpacker() {}

  /**
   * Unpacks {@code packed} into {@code tree}, an empty directory, using {@code scratch}, a file
   * that doesn't exist.
   *
   * @param packedSize bytes of {@code packed}, for the ratio limit
   * @throws LayerException when the content is at fault
   * @throws IOException when reading or the disk is
   */
  public static LayerInfo unpack(
      InputStream packed,
      Compression compression,
      long packedSize,
      Path tree,
      Path scratch,
      UnpackLimits limits)
      throws IOException {
    try (InputStream plain = open(packed, compression);
        Fd root =
            Paths.linux()
                .open(
                    tree.toString(),
                    Paths.O_RDONLY | Paths.directoryFlag() | Paths.noFollowFlag(),
                    0);
        DirectoryTimes times = new DirectoryTimes(scratch);
        TreeWriter writer = new TreeWriter(root, times, limits)) {
      Counted counted = new Counted(plain, limits, packedSize);
      TarReader tar = new TarReader(counted);
      long entries = 0;
      for (TarEntry e = tar.next(); e != null; e = tar.next()) {
        if (++entries > limits.entries()) {
          throw LayerException.tooLarge("more than " + limits.entries() + " entries in a layer");
        }
        if (e.size() > limits.bytes()) { // with the holes, which cost nothing until they are copied
          throw LayerException.tooLarge(
              "a file of %d bytes in a layer, where %d are allowed"
                  .formatted(e.size(), limits.bytes()));
        }
        writer.write(e, tar);
      }
      counted.drain(); // padding after the archive's end belongs to the digest
      writer.finish();
      return new LayerInfo(
          counted.digest(),
          writer.bytes(),
          writer.inodes(),
          writer.rootOpaque(),
          writer.implicitDirectories());
    } catch (ZstdIOException e) {
      throw LayerException.invalid("zstd: damaged data: " + e.getMessage(), e);
    } catch (EOFException e) {
      throw LayerException.invalid(String.valueOf(e.getMessage()), e);
    }
  }

  private static InputStream open(InputStream packed, Compression compression) throws IOException {
    return switch (compression) {
      case NONE -> packed;
      case GZIP -> new GzipStream(packed);
      case ZSTD -> {
        ZstdInputStreamNoFinalizer zstd = new ZstdInputStreamNoFinalizer(packed);
        zstd.setLongMax(ZSTD_WINDOW_LOG);
        yield zstd;
      }
    };
  }

  /** Hashes and limits what is read. */
  private static final class Counted extends InputStream {
    private static final long RATIO_FROM = 1L << 30;

    private final InputStream in;
    private final UnpackLimits limits;
    private final long ratioLimit;
    private final MessageDigest hash = Digest.newHash();
    private long count;

    Counted(InputStream in, UnpackLimits limits, long packedSize) {
      this.in = in;
      this.limits = limits;
      this.ratioLimit = Math.max(RATIO_FROM, Math.max(1, packedSize) * limits.ratio());
    }

    @Override
    public int read(byte @Nullable [] out, int offset, int length) throws IOException {
      int n = in.read(out, offset, length);
      if (n > 0) {
        hash.update(out, offset, n);
        count += n;
        if (count > limits.bytes()) {
          throw LayerException.tooLarge(
              "a layer unpacks to more than the " + limits.bytes() + " bytes allowed");
        }
        if (count > ratioLimit) {
          throw LayerException.tooLarge(
              "a layer unpacks to more than " + limits.ratio() + " times its packed size");
        }
      }
      return n;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    void drain() throws IOException {
      byte[] rest = new byte[64 * 1024];
      while (read(rest, 0, rest.length) >= 0) {
        // hashed and counted
      }
    }

    Digest digest() {
      return Digest.ofHash(hash.digest());
    }
  }
}
