package io.crema.cni.netlink;

import io.crema.runtime.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A received message; {@code payload} is what follows its header. */
public record NetlinkMessage(int type, int flags, int sequence, byte[] payload) {
  /** NLMSG_ERROR; an acknowledgement when its number is 0. */
  static final int ERROR = 2;

  /** NLMSG_DONE: the end of a dump. */
  static final int DONE = 3;

  private static final int OVERRUN = 4;
  private static final int CAPPED = 0x100;
  private static final int HAS_EXTENDED_ACK = 0x200;
  private static final int DUMP_INTERRUPTED = 0x10;
  private static final int EXTENDED_ACK_TEXT = 1;

  /**
   * Takes a datagram apart.
   *
   * @throws IllegalArgumentException if a message's length is wrong: then it isn't netlink
   */
  static List<NetlinkMessage> parse(byte[] datagram, int length) {
    ByteBuffer in = ByteBuffer.wrap(datagram, 0, length).order(ByteOrder.nativeOrder());
    List<NetlinkMessage> out = new ArrayList<>(1);
    for (int at = 0; at + NetlinkBatch.HEADER <= length; ) {
      int size = in.getInt(at);
      if (size < NetlinkBatch.HEADER || size > length - at) {
        throw new IllegalArgumentException(
            "netlink message of " + size + " bytes where " + (length - at) + " are left");
      }
      byte[] payload = new byte[size - NetlinkBatch.HEADER];
      System.arraycopy(datagram, at + NetlinkBatch.HEADER, payload, 0, payload.length);
      out.add(
          new NetlinkMessage(
              in.getShort(at + 4) & 0xffff,
              in.getShort(at + 6) & 0xffff,
              in.getInt(at + 8),
              payload));
      at += (size + 3) & ~3;
    }
    return out;
  }

  private ByteBuffer buffer() {
    return ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
  }

  /** A byte of the fixed part. */
  public int u8(int at) {
    return payload[at] & 0xff;
  }

  /** An integer of the fixed part. */
  public int int32(int at) {
    return buffer().getInt(at);
  }

  /** The attributes behind a fixed part of {@code fixed} bytes. */
  public Attributes attributes(int fixed) {
    return new Attributes(payload, (fixed + 3) & ~3, payload.length);
  }

  /** Whether it is an error or an acknowledgement. */
  boolean isError() {
    return type == ERROR;
  }

  /** Whether it ends a dump. */
  boolean isDone() {
    return type == DONE;
  }

  /** Whether what was dumped changed meanwhile, or messages were lost. */
  boolean isInterrupted() {
    return (flags & DUMP_INTERRUPTED) != 0 || type == OVERRUN;
  }

  /** errno of an error, or of a dump's end; 0 is success. */
  int errno() {
    return payload.length < 4 ? 0 : -int32(0);
  }

  /** The kernel's own words on an error (NETLINK_EXT_ACK), or null. */
  @Nullable String extendedAck() {
    if ((flags & HAS_EXTENDED_ACK) == 0) {
      return null;
    }
    if (type == DONE) {
      return attributes(4).text(EXTENDED_ACK_TEXT);
    }
    // struct nlmsgerr: errno, the header of what was refused, and the rest of it unless capped
    int refused = (flags & CAPPED) != 0 ? 0 : Math.max(0, int32(4) - NetlinkBatch.HEADER);
    return attributes(4 + NetlinkBatch.HEADER + refused).text(EXTENDED_ACK_TEXT);
  }

  /** The error as an exception. */
  NetlinkException failure(String what) {
    return new NetlinkException(what, Errno.of(errno()), errno(), extendedAck());
  }
}
