package io.crema.cni.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attributes in a stretch of bytes, read where they lie.
 *
 * <p>Wrong lengths end the reading as they do in the kernel (nla_ok); what lies behind them is not
 * seen.
 */
public final class Attributes {
  private final ByteBuffer bytes;
  private final int from;
  private final int to;

  Attributes(byte[] bytes, int from, int to) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    this.from = Math.min(from, to);
    this.to = to;
  }

  /** Where the value of the first attribute of {@code type} begins, or -1. */
  private int find(int type) {
    return find(type, from);
  }

  private int find(int type, int start) {
    for (int at = start; at + NetlinkBatch.ATTRIBUTE_HEADER <= to; ) {
      int length = bytes.getShort(at) & 0xffff;
      if (length < NetlinkBatch.ATTRIBUTE_HEADER || at + length > to) {
        return -1;
      }
      if ((bytes.getShort(at + 2) & 0x3fff) == type) { // without NLA_F_NESTED, NLA_F_NET_BYTEORDER
        return at + NetlinkBatch.ATTRIBUTE_HEADER;
      }
      at += (length + 3) & ~3;
    }
    return -1;
  }

  private int length(int valueAt) {
    return (bytes.getShort(valueAt - 4) & 0xffff) - NetlinkBatch.ATTRIBUTE_HEADER;
  }

  /** Whether there is an attribute of this type. */
  public boolean has(int type) {
    return find(type) >= 0;
  }

  /** The value's bytes, or null. */
  public byte @Nullable [] bytes(int type) {
    int at = find(type);
    return at < 0 ? null : Arrays.copyOfRange(bytes.array(), at, at + length(at));
  }

  /** The value as an integer, or {@code otherwise} when it is absent or too short. */
  public int int32(int type, int otherwise) {
    int at = find(type);
    return at < 0 || length(at) < 4 ? otherwise : bytes.getInt(at);
  }

  /** The value as an integer in network order, as nf_tables has all its numbers. */
  public int be32(int type, int otherwise) {
    int value = int32(type, otherwise);
    return has(type) && bytes.order() == ByteOrder.LITTLE_ENDIAN
        ? Integer.reverseBytes(value)
        : value;
  }

  /** The value as text without its NUL, or null. */
  public @Nullable String text(int type) {
    int at = find(type);
    if (at < 0) {
      return null;
    }
    int n = 0;
    while (n < length(at) && bytes.get(at + n) != 0) {
      n++;
    }
    return new String(bytes.array(), at, n, StandardCharsets.UTF_8);
  }

  /** The attributes within this one; none when it is absent. */
  public Attributes nested(int type) {
    int at = find(type);
    return at < 0
        ? new Attributes(bytes.array(), 0, 0)
        : new Attributes(bytes.array(), at, at + length(at));
  }

  /** The attributes within each one of this type, in order. */
  public List<Attributes> all(int type) {
    List<Attributes> out = new ArrayList<>();
    for (int at = find(type); at >= 0; ) {
      int end = at + length(at);
      out.add(new Attributes(bytes.array(), at, end));
      at = find(type, (end + 3) & ~3);
    }
    return out;
  }

  /** The value's 64-bit integers, in the machine's byte order; empty when it is absent. */
  public long[] longs(int type) {
    int at = find(type);
    long[] out = new long[at < 0 ? 0 : length(at) / 8];
    for (int i = 0; i < out.length; i++) {
      out[i] = bytes.getLong(at + 8 * i);
    }
    return out;
  }
}
