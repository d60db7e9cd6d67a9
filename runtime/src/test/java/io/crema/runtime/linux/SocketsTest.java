package io.crema.runtime.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SocketsTest {
  @Test
  void descriptorsTravelWithAMessage() throws ErrnoException {
    Sockets sockets = Sockets.linux();
    List<Fd> pair = sockets.pair(Sockets.SOCK_SEQPACKET);
    try (Fd a = pair.get(0);
        Fd b = pair.get(1);
        Fd memory = Descriptors.linux().memfd("test", "content".getBytes(UTF_8))) {
      assertThat(sockets.send(a, "hello".getBytes(UTF_8), List.of(memory, a), 0)).isTrue();
      Sockets.Message m = Objects.requireNonNull(sockets.receive(b, 100, 4, 0));
      assertThat(new String(m.bytes(), UTF_8)).isEqualTo("hello");
      assertThat(m.truncated()).isFalse();
      assertThat(m.fds()).hasSize(2);
      byte[] read = new byte[20];
      assertThat(Descriptors.linux().read(m.fds().get(0), read, 0, 20)).isEqualTo(7);
      m.fds().forEach(Fd::close);
      assertThat(sockets.receive(b, 10, 0, Sockets.MSG_DONTWAIT)).isNull();
    }
  }

  @Test
  void aFailureNamesCallArgumentsAndReason() {
    assertThatThrownBy(() -> Paths.linux().open("/does/not/exist", Paths.O_RDONLY, 0))
        .isInstanceOf(ErrnoException.class)
        .hasMessage("openat(/does/not/exist): ENOENT (No such file or directory)");
  }
}
