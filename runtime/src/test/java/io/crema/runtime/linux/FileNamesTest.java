package io.crema.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileNamesTest {
  @Test
  void any_bytes_come_back_as_they_were() {
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      assertThat(FileNames.encode(FileNames.decode(bytes, 0, bytes.length))).isEqualTo(bytes);
    }
  }

  @Test
  void utf8_is_plain_text() {
    byte[] bytes = "Főtanúsítvány 😀".getBytes(StandardCharsets.UTF_8);
    assertThat(FileNames.decode(bytes, 0, bytes.length)).isEqualTo("Főtanúsítvány 😀");
    assertThat(FileNames.encode("Főtanúsítvány 😀")).isEqualTo(bytes);
  }

  @Test
  void a_direct_buffer_is_written_from_its_start(@TempDir Path dir) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect(16);
    buffer.put("hello, world".getBytes(StandardCharsets.US_ASCII));
    Path file = dir.resolve("f");
    try (Fd fd = Paths.linux().open(file.toString(), Paths.O_CREAT | Paths.O_WRONLY, 0600)) {
      Descriptors.linux().seek(fd, 2);
      Descriptors.linux().writeAll(fd, buffer, 5);
      Descriptors.linux().truncate(fd, 9);
    }
    assertThat(Files.readAllBytes(file))
        .isEqualTo("\0\0hello\0\0".getBytes(StandardCharsets.US_ASCII));
  }
}
