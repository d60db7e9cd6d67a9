package io.crema.cni.netlink;

import io.crema.runtime.linux.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes netlink messages one after another, to be sent together.
 *
 * <p>{@link #message} begins a message, which ends where the next begins. Integers are in the
 * machine's byte order unless the method's name says {@code be}. Layouts: linux/netlink.h. Not
 * thread-safe.
 */
public final class NetlinkBatch {
  /** struct nlmsghdr: length, type, flags, sequence, port. */
  static final int HEADER = 16;

  static final int ATTRIBUTE_HEADER = 4;

  /** NLA_F_NESTED. */
  static final int NESTED = 0x8000;

  /** NLM_F_REQUEST. */
  public static final int REQUEST = 0x1;

  /** NLM_F_ACK. */
  static final int ACK = 0x4;

  /** NLM_F_ECHO: what was made is among the answers, from Linux 6.2 on for links. */
  public static final int ECHO = 0x8;

  /** NLM_F_DUMP, for GET requests. */
  public static final int DUMP = 0x300;

  /** NLM_F_REPLACE, for NEW requests. */
  public static final int REPLACE = 0x100;

  /** NLM_F_EXCL, for NEW requests. */
  public static final int EXCLUSIVE = 0x200;

  /** NLM_F_CREATE, for NEW requests. */
  public static final int CREATE = 0x400;

  /** NLM_F_APPEND, for NEW requests. */
  public static final int APPEND = 0x800;

  /** One message: where it begins, what it does (for errors) and which refusals are as good. */
  record Item(int offset, String what, List<Errno> tolerated) {}

  private final List<Item> items = new ArrayList<>();
  private final int[] nests = new int[16];
  private ByteBuffer out = ByteBuffer.allocate(1024).order(ByteOrder.nativeOrder());
  private int depth;
  private int confirmed = -1;

  /**
   * Begins a message.
   *
   * @param what the operation and its object, for errors: {@code create bridge crema0}
   * @param tolerated refusals by the kernel that are fine
   */
  public NetlinkBatch message(int type, int flags, String what, Errno... tolerated) {
    finish();
    items.add(new Item(out.position(), what, List.of(tolerated)));
    room(HEADER);
    out.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST)).putInt(0).putInt(0);
    return this;
  }

  private void finish() {
    if (depth != 0) {
      throw new IllegalStateException("a nested attribute is still open");
    }
    if (!items.isEmpty()) {
      int start = items.getLast().offset();
      out.putInt(start, out.position() - start);
    }
  }

  private void room(int bytes) {
    if (out.remaining() < bytes + 4) {
      out =
          ByteBuffer.wrap(
                  Arrays.copyOf(
                      out.array(), Math.max(out.capacity() * 2, out.capacity() + bytes + 4)))
              .order(ByteOrder.nativeOrder())
              .position(out.position());
    }
  }

  /** A byte of the message's fixed part. */
  public NetlinkBatch u8(int value) {
    room(1);
    out.put((byte) value);
    return this;
  }

  /** Two bytes of the message's fixed part. */
  public NetlinkBatch u16(int value) {
    room(2);
    out.putShort((short) value);
    return this;
  }

  /** Two bytes of the message's fixed part, in network order. */
  public NetlinkBatch be16(int value) {
    room(2);
    out.put((byte) (value >> 8)).put((byte) value);
    return this;
  }

  /** Four bytes of the message's fixed part. */
  public NetlinkBatch u32(int value) {
    room(4);
    out.putInt(value);
    return this;
  }

  /** An attribute of raw bytes. */
  public NetlinkBatch attribute(int type, byte[] value) {
    room(ATTRIBUTE_HEADER + value.length + 3);
    out.putShort((short) (ATTRIBUTE_HEADER + value.length)).putShort((short) type).put(value);
    return align();
  }

  /** An attribute of one byte. */
  public NetlinkBatch attribute8(int type, int value) {
    room(ATTRIBUTE_HEADER + 4);
    out.putShort((short) (ATTRIBUTE_HEADER + 1)).putShort((short) type).put((byte) value);
    return align();
  }

  /** An attribute of four bytes. */
  public NetlinkBatch attribute32(int type, int value) {
    room(ATTRIBUTE_HEADER + 4);
    out.putShort((short) (ATTRIBUTE_HEADER + 4)).putShort((short) type).putInt(value);
    return this;
  }

  /** An attribute of four bytes in network order, as nf_tables wants all its numbers. */
  public NetlinkBatch attributeBe32(int type, int value) {
    room(ATTRIBUTE_HEADER + 4);
    out.putShort((short) (ATTRIBUTE_HEADER + 4)).putShort((short) type);
    out.putInt(out.order() == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(value) : value);
    return this;
  }

  /** An attribute of a NUL-terminated string. */
  public NetlinkBatch attribute(int type, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return attribute(type, Arrays.copyOf(utf8, utf8.length + 1));
  }

  /** Opens an attribute that holds others; {@link #end} closes it. */
  public NetlinkBatch nest(int type) {
    room(ATTRIBUTE_HEADER);
    nests[depth++] = out.position();
    out.putShort((short) 0).putShort((short) (type | NESTED));
    return this;
  }

  /** Closes the innermost open attribute. */
  public NetlinkBatch end() {
    int start = nests[--depth];
    int length = out.position() - start;
    if (length > 0xffff) {
      throw new IllegalStateException("nested attribute of " + length + " bytes; 65535 at most");
    }
    out.putShort(start, (short) length);
    return this;
  }

  private NetlinkBatch align() {
    while ((out.position() & 3) != 0) {
      out.put((byte) 0);
    }
    return this;
  }

  /**
   * The message written last is the one whose acknowledgement means that all are done; without this
   * call it is the batch's last.
   */
  public NetlinkBatch confirmHere() {
    confirmed = items.size() - 1;
    return this;
  }

  /** Whether nothing is in it. */
  public boolean isEmpty() {
    return items.isEmpty();
  }

  /** How many messages are in it. */
  public int size() {
    return items.size();
  }

  /** Bytes so far. */
  public int bytes() {
    return out.position();
  }

  Item item(int index) {
    return items.get(index);
  }

  /** The index of the message that is acknowledged. */
  int confirmed() {
    return confirmed >= 0 ? confirmed : items.size() - 1;
  }

  /**
   * The finished messages, numbered from {@code firstSequence}; {@code acknowledge} asks for an
   * acknowledgement of the confirming one.
   */
  byte[] encode(int firstSequence, boolean acknowledge) {
    finish();
    for (int i = 0; i < items.size(); i++) {
      out.putInt(items.get(i).offset() + 8, firstSequence + i);
    }
    if (acknowledge) {
      int flags = items.get(confirmed()).offset() + 6;
      out.putShort(flags, (short) (out.getShort(flags) | ACK));
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}
