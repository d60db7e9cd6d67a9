package io.crema.image.rig;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A tar archive written header by header, so that it can be as wrong as a test wants. */
public final class Tar {
  private static final int BLOCK = 512;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** One header with its data; all fields can be set to anything. */
  public static final class Entry {
    private final byte[] block = new byte[BLOCK];
    private byte[] data = new byte[0];
    private final List<byte[]> pax = new ArrayList<>();

    /** Of type {@code type}, root's, 0644, from 1970. */
    public Entry(char type, String name) {
      name(name);
      block[156] = (byte) type;
      octal(100, 8, 0644);
      octal(108, 8, 0);
      octal(116, 8, 0);
      octal(124, 12, 0);
      octal(136, 12, 0);
      bytes(257, "ustar\0" + "00");
    }

    public Entry name(String name) {
      Arrays.fill(block, 0, 100, (byte) 0);
      byte[] raw = name.getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(raw, 0, block, 0, Math.min(100, raw.length));
      return this;
    }

    public Entry mode(int mode) {
      return octal(100, 8, mode);
    }

    public Entry owner(int uid, int gid) {
      octal(108, 8, uid);
      return octal(116, 8, gid);
    }

    public Entry mtime(long seconds) {
      return octal(136, 12, seconds);
    }

    public Entry link(String target) {
      return bytes(157, target);
    }

    public Entry device(int major, int minor) {
      octal(329, 8, major);
      return octal(337, 8, minor);
    }

    public Entry data(byte[] content) {
      data = content.clone();
      return octal(124, 12, content.length);
    }

    public Entry data(String content) {
      return data(content.getBytes(StandardCharsets.UTF_8));
    }

    /** Another size than that of the data. */
    public Entry size(long size) {
      return octal(124, 12, size);
    }

    /** A PAX record in a header before this one. */
    public Entry pax(String key, String value) {
      return pax(key, value.getBytes(StandardCharsets.UTF_8));
    }

    public Entry pax(String key, byte[] value) {
      pax.add(record(key, value));
      return this;
    }

    public Entry pax(Map<String, String> records) {
      records.forEach(this::pax);
      return this;
    }

    public Entry octal(int at, int length, long value) {
      String digits = ("0".repeat(length) + Long.toOctalString(value));
      return bytes(at, digits.substring(digits.length() - length + 1) + "\0");
    }

    public Entry bytes(int at, String raw) {
      return bytes(at, raw.getBytes(StandardCharsets.ISO_8859_1));
    }

    public Entry bytes(int at, byte[] raw) {
      System.arraycopy(raw, 0, block, at, raw.length);
      return this;
    }

    private byte[] sealed() {
      byte[] sealed = block.clone();
      Arrays.fill(sealed, 148, 156, (byte) ' ');
      int sum = 0;
      for (byte b : sealed) {
        sum += b & 0xff;
      }
      byte[] text = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(text, 0, sealed, 148, 8);
      return sealed;
    }
  }

  /** {@code "%d %s=%s\n"}. */
  public static byte[] record(String key, byte[] value) {
    byte[] rest =
        join((" " + key + "=").getBytes(StandardCharsets.UTF_8), value, new byte[] {'\n'});
    int length = rest.length + 1;
    while (String.valueOf(length).length() + rest.length != length) {
      length++;
    }
    return join(String.valueOf(length).getBytes(StandardCharsets.ISO_8859_1), rest);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  public Tar add(Entry e) {
    if (!e.pax.isEmpty()) {
      extension('x', join(e.pax.toArray(byte[][]::new)));
    }
    out.writeBytes(e.sealed());
    padded(e.data);
    return this;
  }

  /** A header that says something of the next one: {@code x}, {@code g}, {@code L}, {@code K}. */
  public Tar extension(char type, byte[] content) {
    out.writeBytes(new Entry(type, "extension").data(content).sealed());
    padded(content);
    return this;
  }

  private void padded(byte[] data) {
    out.writeBytes(data);
    out.writeBytes(new byte[-data.length & (BLOCK - 1)]);
  }

  public Tar raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  public Tar file(String name, String content) {
    return add(new Entry('0', name).data(content));
  }

  public Tar file(String name, byte[] content) {
    return add(new Entry('0', name).data(content));
  }

  public Tar directory(String name) {
    return add(new Entry('5', name).mode(0755));
  }

  public Tar symlink(String name, String target) {
    return add(new Entry('2', name).mode(0777).link(target));
  }

  public Tar hardLink(String name, String target) {
    return add(new Entry('1', name).link(target));
  }

  /** With the two zero blocks that end an archive. */
  public byte[] end() {
    return join(out.toByteArray(), new byte[2 * BLOCK]);
  }

  /** Without them. */
  public byte[] unfinished() {
    return out.toByteArray();
  }
}
