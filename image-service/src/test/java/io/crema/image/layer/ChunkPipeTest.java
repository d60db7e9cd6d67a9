package io.crema.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.rig.Packed;
import java.io.ByteArrayOutputStream;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChunkPipeTest {
  private static final Executor THREADS = task -> Thread.ofVirtual().start(task);

  @Test
  void bytesComeOutInOrderAndThenTheEnd() throws Exception {
    ChunkPipe pipe = new ChunkPipe(1000);
    byte[] all = Packed.random(100_000, 1);
    CompletableFuture<byte[]> read =
        CompletableFuture.supplyAsync(
            () -> {
              ByteArrayOutputStream out = new ByteArrayOutputStream();
              try {
                pipe.transferTo(out);
              } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
              return out.toByteArray();
            },
            THREADS);
    for (int at = 0; at < all.length; at += 777) {
      assertThat(pipe.put(Arrays.copyOfRange(all, at, Math.min(all.length, at + 777)))).isTrue();
    }
    assertThat(pipe.put(new byte[0])).isTrue();
    pipe.finish();
    assertThat(read.get()).isEqualTo(all);
    assertThat(pipe.read()).isEqualTo(-1);
  }

  @Test
  void aChunkLargerThanThePipeStillPasses() throws Exception {
    ChunkPipe pipe = new ChunkPipe(10);
    assertThat(pipe.put(new byte[100])).isTrue();
    assertThat(pipe.readNBytes(100)).hasSize(100);
  }

  @Test
  void aWriterThatWaitsForRoomIsToldThatTheReaderHasGone() throws Exception {
    ChunkPipe pipe = new ChunkPipe(10);
    pipe.put(new byte[10]);
    CompletableFuture<Boolean> put =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return pipe.put(new byte[10]);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            THREADS);
    pipe.close();
    assertThat(put.get()).isFalse();
    assertThat(pipe.put(new byte[1])).isFalse();
  }

  @Test
  void aReaderThatWaitsIsStopped() throws Exception {
    ChunkPipe pipe = new ChunkPipe(10);
    CompletableFuture<Throwable> failure =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                pipe.read();
                throw new AssertionError("read on");
              } catch (java.io.IOException e) {
                return e;
              }
            },
            THREADS);
    pipe.stop();
    assertThat(failure.get()).hasRootCauseInstanceOf(InterruptedIOException.class);
    assertThatThrownBy(pipe::read).hasMessage("no longer wanted");
  }

  @Test
  void aWriterThatWaitsCanBeInterrupted() throws Exception {
    ChunkPipe pipe = new ChunkPipe(1);
    pipe.put(new byte[1]);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> pipe.put(new byte[1])).isInstanceOf(InterruptedException.class);
  }
}
