package io.crema.server.streaming;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;

/** A TCP or TLS connection of Vert.x. */
final class VertxTransport implements Transport {
  /** Bytes that may wait to be sent before {@link #full} holds. */
  private static final int WRITE_QUEUE = 64 * 1024;

  private final Vertx vertx;
  private final Context context;
  private final NetSocket socket;
  private Future<Void> last = Future.succeededFuture();

  VertxTransport(Vertx vertx, Context context, NetSocket socket) {
    this.vertx = vertx;
    this.context = context;
    this.socket = socket;
    socket.setWriteQueueMaxSize(WRITE_QUEUE);
  }

  @Override
  public void execute(Runnable task) {
    context.runOnContext(_ -> task.run());
  }

  @Override
  public Runnable after(Duration delay, Runnable task) {
    long timer = vertx.setTimer(delay.toMillis(), _ -> task.run());
    return () -> vertx.cancelTimer(timer);
  }

  @Override
  public void write(byte[] bytes) {
    last = socket.write(Buffer.buffer(bytes));
  }

  @Override
  public void whenFlushed(Runnable task) {
    last.onComplete(_ -> task.run());
  }

  @Override
  public boolean full() {
    return socket.writeQueueFull();
  }

  @Override
  public void pause() {
    socket.pause();
  }

  @Override
  public void resume() {
    socket.resume();
  }

  @Override
  public void close() {
    socket.close();
  }
}
