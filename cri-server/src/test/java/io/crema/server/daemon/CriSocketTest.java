package io.crema.server.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriSocketTest {
  @TempDir Path directory;

  @Test
  void aSocketThatNobodyAnswersIsReplaced() throws Exception {
    Path address = directory.resolve("s.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(address));
    }
    assertThat(address).exists();
    assertThat(CriSocket.answers(address)).isFalse();
    try (CriSocket socket = CriSocket.open(address, List.of())) {
      assertThat(socket).isNotNull();
      assertThat(CriSocket.answers(address)).isTrue();
    }
  }

  @Test
  void aSocketThatSomebodyAnswersIsLeftAlone() throws Exception {
    Path address = directory.resolve("s.sock");
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(address));
      assertThatThrownBy(() -> CriSocket.open(address, List.of()))
          .isInstanceOf(IOException.class)
          .hasMessage("another daemon answers on %s; choose another --address".formatted(address));
    }
  }

  @Test
  void aFileInTheWayIsLeftAlone() throws Exception {
    Path address = Files.writeString(directory.resolve("s.sock"), "precious");
    assertThatThrownBy(() -> CriSocket.open(address, List.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it is no socket");
    assertThat(address).hasContent("precious");
  }

  @Test
  void aDirectoryHasOneDaemon() throws Exception {
    try (StateLock lock = StateLock.take(directory)) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> StateLock.take(directory))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("is in use by another crema daemon");
    }
    StateLock.take(directory).close();
  }
}
