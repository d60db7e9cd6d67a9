package io.crema.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.rig.Packed;
import io.crema.image.rig.Tar;
import io.crema.runtime.linux.FileNames;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
  private record Read(TarEntry entry, byte[] data) {}

  @Test
  void allAttributesAreRead() throws Exception {
    byte[] tar =
        new Tar()
            .add(
                new Tar.Entry('0', "usr/bin/su")
                    .mode(04755)
                    .owner(1000, 50)
                    .mtime(1_700_000_000)
                    .data("program"))
            .symlink("bin", "usr/bin")
            .hardLink("usr/bin/su2", "usr/bin/su")
            .add(new Tar.Entry('3', "dev/null").mode(0666).device(1, 3))
            .add(new Tar.Entry('4', "dev/sda").device(8, 0))
            .add(new Tar.Entry('6', "pipe"))
            .directory("etc/")
            .add(new Tar.Entry('\0', "old").data("x"))
            .add(new Tar.Entry('7', "contiguous").data("y"))
            .add(new Tar.Entry('0', "old-directory/"))
            .end();
    List<Read> all = read(tar);
    TarEntry su = all.getFirst().entry();
    assertThat(su.name()).isEqualTo("usr/bin/su");
    assertThat(su.mode()).isEqualTo(04755);
    assertThat(su.uid()).isEqualTo(1000);
    assertThat(su.gid()).isEqualTo(50);
    assertThat(su.mtimeSeconds()).isEqualTo(1_700_000_000);
    assertThat(all.getFirst().data()).asString().isEqualTo("program");
    assertThat(all.stream().map(r -> r.entry().type()))
        .containsExactly('0', '2', '1', '3', '4', '6', '5', '0', '0', '5');
    assertThat(all.get(1).entry().linkName()).isEqualTo("usr/bin");
    assertThat(all.get(3).entry().major()).isEqualTo(1);
    assertThat(all.get(3).entry().minor()).isEqualTo(3);
    assertThat(all.get(7).data()).asString().isEqualTo("x");
  }

  /** Written by another library, in both of its ways for what doesn't fit a header. */
  @ParameterizedTest
  @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX})
  void namesSizesAndOwnersBeyondAHeaderAreRead(int form) throws Exception {
    String name = "a-rather-long-directory-name/".repeat(20) + "fünf";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setLongFileMode(form);
      tar.setBigNumberMode(
          form == TarArchiveOutputStream.LONGFILE_GNU
              ? TarArchiveOutputStream.BIGNUMBER_STAR
              : TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(form == TarArchiveOutputStream.LONGFILE_POSIX);
      TarArchiveEntry e = new TarArchiveEntry(name);
      byte[] data = Packed.random(70_000, 1);
      e.setSize(data.length);
      e.setUserId(3_000_000_000L);
      e.setGroupId(2_097_152 + 5);
      e.setLastModifiedTime(
          java.nio.file.attribute.FileTime.from(java.time.Instant.ofEpochSecond(-5)));
      tar.putArchiveEntry(e);
      tar.write(data);
      tar.closeArchiveEntry();
      TarArchiveEntry link = new TarArchiveEntry("link", TarConstants.LF_SYMLINK);
      link.setLinkName(name);
      tar.putArchiveEntry(link);
      tar.closeArchiveEntry();
    }
    List<Read> all = read(out.toByteArray());
    assertThat(all).hasSize(2);
    assertThat(all.get(0).entry().name()).isEqualTo(name);
    assertThat(all.get(0).data()).isEqualTo(Packed.random(70_000, 1));
    assertThat(Integer.toUnsignedLong(all.get(0).entry().uid())).isEqualTo(3_000_000_000L);
    assertThat(all.get(0).entry().gid()).isEqualTo(2_097_157);
    assertThat(all.get(0).entry().mtimeSeconds()).isEqualTo(-5);
    assertThat(all.get(1).entry().linkName()).isEqualTo(name);
  }

  @Test
  void paxRecordsWinOverTheHeader() throws Exception {
    byte[] value = {0, 1, (byte) 0xff, '\n', '='};
    byte[] tar =
        new Tar()
            .extension('g', Tar.record("comment", "of git".getBytes(StandardCharsets.UTF_8)))
            .add(
                new Tar.Entry('0', "short")
                    .data("12345")
                    .size(0)
                    .pax("path", "läng/er")
                    .pax("size", "5")
                    .pax("uid", "70000")
                    .pax("mtime", "1700000000.123456789123")
                    .pax("SCHILY.xattr.security.capability", value)
                    .pax("LIBARCHIVE.creationtime", "1")
                    .pax("gid", ""))
            .file("next", "n")
            .end();
    List<Read> all = read(tar);
    TarEntry e = all.getFirst().entry();
    assertThat(e.name()).isEqualTo("läng/er");
    assertThat(all.getFirst().data()).asString().isEqualTo("12345");
    assertThat(e.uid()).isEqualTo(70000);
    assertThat(e.gid()).isZero();
    assertThat(e.mtimeNanos()).isEqualTo(123_456_789);
    assertThat(e.xattrs()).containsOnlyKeys("security.capability");
    assertThat(e.xattrs().get("security.capability")).isEqualTo(value);
    assertThat(all.get(1).entry().xattrs()).isEmpty();
    assertThat(all.get(1).entry().name()).isEqualTo("next");
  }

  @Test
  void timesBeforeTheEpochCountTheirNanosecondsUpwards() throws Exception {
    byte[] tar = new Tar().add(new Tar.Entry('0', "x").pax("mtime", "-1.25")).end();
    TarEntry e = read(tar).getFirst().entry();
    assertThat(e.mtimeSeconds()).isEqualTo(-2);
    assertThat(e.mtimeNanos()).isEqualTo(750_000_000);
  }

  @Test
  void aNameThatIsNoUtf8KeepsItsBytes() throws Exception {
    byte[] name = {'a', (byte) 0xe9, (byte) 0xff, '/', 'b'};
    byte[] tar = new Tar().add(new Tar.Entry('0', "").bytes(0, name)).end();
    assertThat(FileNames.encode(read(tar).getFirst().entry().name())).isEqualTo(name);
    tar = new Tar().add(new Tar.Entry('0', "").pax("path", name)).end();
    assertThat(FileNames.encode(read(tar).getFirst().entry().name())).isEqualTo(name);
  }

  @Test
  void theUstarPrefixIsOfUstarOnly() throws Exception {
    Tar.Entry posix = new Tar.Entry('0', "name").bytes(345, "prefix");
    Tar.Entry gnu = new Tar.Entry('0', "name").bytes(345, "prefix").bytes(257, "ustar  \0");
    List<Read> all = read(new Tar().add(posix).add(gnu).end());
    assertThat(all.stream().map(r -> r.entry().name())).containsExactly("prefix/name", "name");
  }

  @Test
  void sparseFilesOfEveryFormHaveTheirPieces() throws Exception {
    byte[] data = Packed.random(1024, 3);
    Tar.Entry old =
        new Tar.Entry('S', "old")
            .data(data)
            .octal(386, 12, 512)
            .octal(398, 12, 512)
            .octal(410, 12, 4096)
            .octal(422, 12, 512)
            .octal(483, 12, 10_000);
    Tar.Entry zero =
        new Tar.Entry('0', "zero")
            .data(data)
            .pax("GNU.sparse.size", "10000")
            .pax("GNU.sparse.numblocks", "2")
            .pax("GNU.sparse.offset", "512")
            .pax("GNU.sparse.numbytes", "512")
            .pax("GNU.sparse.offset", "4096")
            .pax("GNU.sparse.numbytes", "512");
    Tar.Entry one =
        new Tar.Entry('0', "x")
            .data(data)
            .pax("GNU.sparse.name", "one")
            .pax("GNU.sparse.size", "10000")
            .pax("GNU.sparse.map", "512,512,4096,512");
    byte[] map =
        java.util.Arrays.copyOf("2\n512\n512\n4096\n512\n".getBytes(StandardCharsets.UTF_8), 512);
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(map);
    both.writeBytes(data);
    Tar.Entry ten =
        new Tar.Entry('0', "x")
            .data(both.toByteArray())
            .pax("GNU.sparse.major", "1")
            .pax("GNU.sparse.minor", "0")
            .pax("GNU.sparse.name", "ten")
            .pax("GNU.sparse.realsize", "10000");
    List<Read> all = read(new Tar().add(old).add(zero).add(one).add(ten).file("after", "a").end());
    assertThat(all.stream().map(r -> r.entry().name()))
        .containsExactly("old", "zero", "one", "ten", "after");
    for (Read r : all.subList(0, 4)) {
      assertThat(r.entry().sparse()).as(r.entry().name()).isTrue();
      assertThat(r.entry().size()).isEqualTo(10_000);
      assertThat(r.entry().pieces())
          .containsExactly(new TarEntry.Piece(512, 512), new TarEntry.Piece(4096, 512));
      assertThat(r.data()).isEqualTo(data);
    }
  }

  @Test
  void sparseMapsThatLieAreRefused() {
    for (String map :
        List.of("512,512,0,512", "0,9223372036854775807", "-1,1024", "0,1024,", "1,2,3", "a,b")) {
      Tar.Entry e =
          new Tar.Entry('0', "x")
              .data(new byte[1024])
              .pax("GNU.sparse.size", "10000")
              .pax("GNU.sparse.map", map);
      assertThatThrownBy(() -> read(new Tar().add(e).end()))
          .as(map)
          .isInstanceOf(LayerException.class);
    }
    String[] pieces = new String[SparseMap.MAX_PIECES + 1];
    java.util.Arrays.fill(pieces, "0,0");
    assertThatThrownBy(
            () ->
                SparseMap.ofPax(
                    Map.of(
                        "GNU.sparse.size", "1".getBytes(StandardCharsets.UTF_8),
                        "GNU.sparse.map",
                            String.join(",", pieces).getBytes(StandardCharsets.UTF_8))))
        .isInstanceOfSatisfying(LayerException.class, e -> assertThat(e.isTooLarge()).isTrue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5 a\n",
        "6 a=b",
        "3 \n",
        "99 a=b\n",
        "0 a=b\n",
        "6 =ab\n",
        "000006 a=\n",
        "00000 =\n=\n",
        "-6 a=b\n",
        "7 a\0=b\n",
        "10 path=\0\n",
        "99999999999999999999 a=b\n",
        " a=b\n",
        "garbage"
      })
  void damagedPaxRecordsAreRefused(String record) {
    byte[] tar =
        new Tar().extension('x', record.getBytes(StandardCharsets.UTF_8)).file("f", "f").end();
    assertThatThrownBy(() -> read(tar))
        .isInstanceOf(LayerException.class)
        .hasMessageContaining("PAX record");
  }

  @Test
  void anExtensionHeaderWithoutEndIsNotRead() {
    byte[] tar = new Tar().add(new Tar.Entry('x', "x").size((1 << 20) + 1)).end();
    assertThatThrownBy(() -> read(tar))
        .isInstanceOfSatisfying(LayerException.class, e -> assertThat(e.isTooLarge()).isTrue());
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    byte[] huge = {(byte) 0x80, 0, 0, 0, 0x7f, -1, -1, -1, -1, -1, -1, -1};
    byte[] beyond = {(byte) 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    byte[] negative = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    for (byte[] size : List.of(huge, beyond, negative)) {
      assertThatThrownBy(() -> read(new Tar().add(new Tar.Entry('0', "x").bytes(124, size)).end()))
          .isInstanceOf(LayerException.class)
          .hasMessageContaining("size");
    }
    assertThatThrownBy(
            () ->
                read(
                    new Tar()
                        .add(new Tar.Entry('0', "x").pax("size", "9223372036854775807"))
                        .end()))
        .hasMessageContaining("size");
    assertThatThrownBy(
            () -> read(new Tar().add(new Tar.Entry('0', "x").pax("uid", "4294967295")).end()))
        .hasMessageContaining("owner 4294967295");
    assertThatThrownBy(() -> read(new Tar().add(new Tar.Entry('3', "x").device(4096, 0)).end()))
        .hasMessageContaining("device major 4096");
    assertThatThrownBy(
            () -> read(new Tar().add(new Tar.Entry('0', "x").bytes(100, "rw-r--r")).end()))
        .hasMessageContaining("mode is not an octal number but \"rw-r--r");
  }

  @Test
  void aWrongChecksumIsNoArchive() {
    byte[] tar = new Tar().file("x", "x").end();
    tar[0] ^= 1;
    assertThatThrownBy(() -> read(tar)).hasMessageContaining("checksum is wrong");
    assertThatThrownBy(() -> read(Packed.random(4096, 1))).isInstanceOf(LayerException.class);
  }

  @Test
  void aChecksumOfSignedBytesIsTaken() throws Exception {
    byte[] tar = new Tar().file("f\u00fcnf", "x").end();
    int signed = 8 * ' ';
    for (int i = 0; i < 512; i++) {
      signed += i >= 148 && i < 156 ? 0 : tar[i];
    }
    byte[] text = "%06o\0 ".formatted(signed).getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(text, 0, tar, 148, 8);
    assertThat(read(tar)).hasSize(1);
  }

  @Test
  void anArchiveMayEndWithoutMarkerButNotWithinAnEntry() throws Exception {
    byte[] tar = new Tar().file("x", "x".repeat(600)).unfinished();
    assertThat(read(tar)).hasSize(1);
    for (int length : new int[] {1, 511, 513, 1024, 1535}) {
      byte[] cut = java.util.Arrays.copyOf(tar, length);
      assertThatThrownBy(() -> read(cut))
          .as("%d bytes", length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the layer ends within");
    }
  }

  @Test
  void whatFollowsTheEndIsNotRead() throws Exception {
    byte[] tar =
        new Tar().file("x", "x").raw(new byte[1024]).raw(Packed.random(2000, 1)).unfinished();
    assertThat(read(tar)).hasSize(1);
    byte[] lone = new Tar().file("x", "x").raw(new byte[512]).file("y", "y").end();
    assertThatThrownBy(() -> read(lone)).hasMessageContaining("lone zero block");
  }

  /** Nothing but an IOException, in finite time, whatever the bytes. */
  @Test
  void garbageIsRefusedAndNothingElse() throws Exception {
    Random random = new Random(20261124);
    byte[] good =
        new Tar()
            .add(
                new Tar.Entry('0', "x")
                    .data(new byte[600])
                    .pax("GNU.sparse.major", "1")
                    .pax("GNU.sparse.realsize", "10000")
                    .pax("SCHILY.xattr.user.a", "b")
                    .pax("mtime", "1.5"))
            .extension('L', "long".getBytes(StandardCharsets.UTF_8))
            .add(new Tar.Entry('S', "s").data(new byte[512]).octal(483, 12, 512))
            .file("after", "a")
            .end();
    int refused = 0;
    for (int i = 0; i < 60_000; i++) {
      byte[] bytes = good.clone();
      for (int n = random.nextInt(6) + 1; n > 0; n--) {
        bytes[random.nextInt(bytes.length)] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) "0123=\n ,-S".charAt(random.nextInt(10));
      }
      for (int at = 0; at + 512 <= bytes.length; at += 512) {
        seal(bytes, at); // or each change would end at the checksum
      }
      try {
        read(bytes);
      } catch (IOException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }

  private static void seal(byte[] bytes, int at) {
    if (bytes[at + 257] != 'u') {
      return; // no header
    }
    int sum = 8 * ' ';
    for (int i = 0; i < 512; i++) {
      sum += i >= 148 && i < 156 ? 0 : bytes[at + i] & 0xff;
    }
    byte[] text = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(text, 0, bytes, at + 148, 8);
  }

  private static List<Read> read(byte[] tar) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    List<Read> all = new ArrayList<>();
    for (TarEntry e = reader.next(); e != null; e = reader.next()) {
      ByteArrayOutputStream data = new ByteArrayOutputStream();
      byte[] buffer = new byte[100];
      for (int n = reader.read(buffer, 0, 100); n > 0; n = reader.read(buffer, 0, 100)) {
        data.write(buffer, 0, n);
      }
      all.add(new Read(e, data.toByteArray()));
    }
    return all;
  }
}
