package io.crema.image.layer;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Gzip with any number of members (RFC 1952). {@code java.util.zip.GZIPInputStream} asks {@code
 * available()} whether another member follows, which a pipe can't answer, and layers of pigz or
 * eStargz have many. The members' checksums are skipped: the layer's own digest covers them.
 */
final class GzipStream extends InputStream {
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);
  private final byte[] input = new byte[64 * 1024];
  private int inputAt;
  private int inputEnd;
  private boolean inMember;
  private boolean ended;

  GzipStream(InputStream in) {
    this.in = in;
  }

  @Override
  public int read(byte[] out, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!ended) {
      if (!inMember) {
        if (!header()) {
          ended = true;
          break;
        }
        inMember = true;
        inflater.reset();
        inflater.setInput(input, inputAt, inputEnd - inputAt);
      }
      try {
        int n = inflater.inflate(out, offset, length);
        if (inflater.finished()) {
          inputAt = inputEnd - inflater.getRemaining();
          for (int i = 0; i < 8; i++) {
            need(); // CRC32 and length
          }
          inMember = false;
        } else if (n == 0) {
          if (inflater.needsDictionary()) {
            throw LayerException.invalid("gzip: a preset dictionary");
          }
          if (!fill()) {
            throw new EOFException("the layer ends within its gzip stream");
          }
          inflater.setInput(input, 0, inputEnd);
        }
        if (n > 0) {
          return n;
        }
      } catch (DataFormatException e) {
        throw LayerException.invalid("gzip: damaged data: " + e.getMessage(), e);
      }
    }
    return -1;
  }

  private boolean header() throws IOException {
    int first = next();
    if (first < 0) {
      return false;
    }
    if (first != 0x1f || need() != 0x8b || need() != 8) {
      throw LayerException.invalid("the layer is not gzip data, which its media type promises");
    }
    int flags = need();
    for (int i = 0; i < 6; i++) {
      need();
    }
    if ((flags & FEXTRA) != 0) {
      int length = need() | need() << 8;
      for (int i = 0; i < length; i++) {
        need();
      }
    }
    for (int flag : new int[] {FNAME, FCOMMENT}) {
      if ((flags & flag) != 0) {
        while (need() != 0) {
          // to the terminating NUL
        }
      }
    }
    if ((flags & FHCRC) != 0) {
      need();
      need();
    }
    return true;
  }

  private int next() throws IOException {
    if (inputAt == inputEnd && !fill()) {
      return -1;
    }
    return input[inputAt++] & 0xff;
  }

  private int need() throws IOException {
    int b = next();
    if (b < 0) {
      throw new EOFException("the layer ends within its gzip stream");
    }
    return b;
  }

  private boolean fill() throws IOException {
    int n = in.read(input, 0, input.length);
    inputAt = 0;
    inputEnd = Math.max(n, 0);
    return n > 0;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
