package io.crema.runtime.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams on descriptors that threads wait for without blocking a carrier. */
@Timeout(60)
class PollerTest {
  private static final Descriptors FDS = Descriptors.linux();
  private Poller poller;

  @BeforeEach
  void start() throws IOException {
    poller = Poller.start();
  }

  @AfterEach
  void stop() {
    poller.close();
  }

  private static <T> CompletableFuture<T> virtual(java.util.concurrent.Callable<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            result.complete(task.call());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  @Test
  void whatOneThreadWritesAnotherReadsThroughAPipeThatFills() throws Exception {
    byte[] sent = new byte[3_000_000];
    new Random(1).nextBytes(sent);
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    CompletableFuture<byte[]> received;
    try (PolledInput in = poller.input(pipe.readEnd())) {
      received = virtual(in::readAllBytes);
      try (PolledOutput out = poller.output(pipe.writeEnd())) {
        virtual(
                () -> {
                  out.write(sent);
                  return 0;
                })
            .get();
      }
      assertThat(Arrays.equals(received.get(), sent)).isTrue();
    }
  }

  @Test
  void manyWaitsHoldNoCarrierThread() throws Exception {
    int many = 4 * Runtime.getRuntime().availableProcessors() + 16;
    PolledInput[] ins = new PolledInput[many];
    PolledOutput[] outs = new PolledOutput[many];
    CompletableFuture<?>[] reads = new CompletableFuture<?>[many];
    CountDownLatch begun = new CountDownLatch(many);
    for (int i = 0; i < many; i++) {
      Descriptors.Pipe pipe = FDS.pipe("test", 0);
      PolledInput in = poller.input(pipe.readEnd());
      ins[i] = in;
      outs[i] = poller.output(pipe.writeEnd());
      reads[i] =
          virtual(
              () -> {
                begun.countDown();
                return in.read();
              });
    }
    begun.await();
    for (int i = 0; i < many; i++) {
      PolledOutput out = outs[many - 1 - i];
      virtual(
              () -> {
                out.write('x');
                return 0;
              })
          .get();
      assertThat(reads[many - 1 - i].get()).isEqualTo((int) 'x');
    }
    for (int i = 0; i < many; i++) {
      ins[i].close();
      outs[i].close();
    }
  }

  @Test
  void anInputThatEndsNowStillGivesWhatWasThere() throws Exception {
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    try (PolledInput in = poller.input(pipe.readEnd());
        PolledOutput out = poller.output(pipe.writeEnd())) {
      out.write("before".getBytes(UTF_8));
      in.endAfterWhatIsThere(false);
      out.write(" and after".getBytes(UTF_8));
      assertThat(new String(in.readAllBytes(), UTF_8)).isEqualTo("before");
    }
  }

  @Test
  void anEndReachesAReaderThatWaits() throws Exception {
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    try (PolledInput in = poller.input(pipe.readEnd());
        PolledOutput _ = poller.output(pipe.writeEnd())) {
      CompletableFuture<Integer> read = virtual(in::read);
      in.endAfterWhatIsThere(false);
      assertThat(read.get()).isEqualTo(-1);
    }
  }

  @Test
  void closingEndsAWait() throws Exception {
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    try (PolledOutput _ = poller.output(pipe.writeEnd())) {
      PolledInput in = poller.input(pipe.readEnd());
      CompletableFuture<Integer> read = virtual(in::read);
      in.close();
      assertThatThrownBy(read::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void theEndOfThePollerEndsAllWaits() throws Exception {
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    PolledOutput out = poller.output(pipe.writeEnd());
    CompletableFuture<Integer> read = virtual(poller.input(pipe.readEnd())::read);
    poller.close();
    assertThatThrownBy(read::get).hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class);
  }

  @Test
  void writingToNobodyFails() throws Exception {
    Descriptors.Pipe pipe = FDS.pipe("test", 0);
    pipe.readEnd().close();
    try (PolledOutput out = poller.output(pipe.writeEnd())) {
      assertThatThrownBy(() -> out.write(1)).hasMessageContaining("EPIPE");
    }
  }

  private static byte[] loopback(int port) {
    return Libc.struct(16)
        .putShort(0, (short) Sockets.AF_INET)
        .put(2, (byte) (port >> 8))
        .put(3, (byte) port)
        .put(4, (byte) 127)
        .put(7, (byte) 1)
        .array();
  }

  @Test
  void eachDirectionOfASocketEndsByItself() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Fd fd = Sockets.linux().socket(Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
      try (PolledSocket socket = poller.connect(fd, loopback(server.getLocalPort()));
          Socket peer = server.accept()) {
        socket.out().write("question".getBytes(UTF_8));
        socket.out().close();
        assertThat(new String(peer.getInputStream().readAllBytes(), UTF_8)).isEqualTo("question");
        peer.getOutputStream().write("answer".getBytes(UTF_8));
        peer.shutdownOutput();
        assertThat(new String(socket.in().readAllBytes(), UTF_8)).isEqualTo("answer");
      }
    }
  }

  @Test
  void aRefusedConnectionSaysSoAndLeavesNoDescriptor() throws Exception {
    int port;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = server.getLocalPort();
    }
    Fd fd = Sockets.linux().socket(Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
    assertThatThrownBy(() -> poller.connect(fd, loopback(port)))
        .hasMessageContaining("ECONNREFUSED");
    assertThat(fd.isOpen()).isFalse();
  }

  @Test
  void aTerminalEndsWithItsLastHolder() throws Exception {
    Fd master = Paths.linux().open("/dev/ptmx", Paths.O_RDWR | Paths.O_NOCTTY, 0);
    FDS.ioctl(master, 0x40045431L, Libc.struct(4).array()); // TIOCSPTLCK
    long flags = Paths.O_RDWR | Paths.O_NOCTTY | Paths.O_CLOEXEC;
    Fd peer = Fd.own(FDS.ioctl(master, 0x5441L, flags), "terminal"); // TIOCGPTPEER
    try (PolledInput in = poller.input(master)) {
      FDS.writeAll(peer, ByteBuffer.wrap("bye\n".getBytes(UTF_8)).array());
      peer.close();
      assertThat(new String(in.readAllBytes(), UTF_8)).isEqualTo("bye\r\n");
    }
  }
}
