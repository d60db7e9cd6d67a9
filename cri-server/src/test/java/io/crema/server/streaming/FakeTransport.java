package io.crema.server.streaming;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A transport without a network: what is written is kept, timers run when the test says so, and the
 * event loop is a thread of its own.
 */
final class FakeTransport implements Transport {
  private final ExecutorService loop =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("loop").daemon().factory());
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final Map<Object, Timer> timers = new LinkedHashMap<>();
  boolean full;
  boolean paused;
  boolean closed;

  private record Timer(Duration delay, Runnable task) {}

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  /** Runs {@code task} on the event loop, behind what waits there, and waits for it. */
  void onLoop(Runnable task) throws InterruptedException, ExecutionException {
    loop.submit(task).get();
  }

  @Override
  public Runnable after(Duration delay, Runnable task) {
    Object key = new Object();
    timers.put(key, new Timer(delay, task));
    return () -> timers.remove(key);
  }

  /** As if {@code delay} had passed for timers of exactly that long. */
  void pass(Duration delay) throws InterruptedException, ExecutionException {
    onLoop(
        () -> {
          for (Timer timer : java.util.List.copyOf(timers.values())) {
            if (timer.delay().equals(delay)) {
              timers.values().remove(timer);
              timer.task().run();
            }
          }
        });
  }

  int timers() throws InterruptedException, ExecutionException {
    return loop.submit(timers::size).get();
  }

  @Override
  public synchronized void write(byte[] bytes) {
    written.writeBytes(bytes);
    notifyAll();
  }

  /** What has been written since the last time, waiting until it is something. */
  synchronized byte[] take() throws InterruptedException {
    while (written.size() == 0 && !closed) {
      wait();
    }
    byte[] bytes = written.toByteArray();
    written.reset();
    return bytes;
  }

  /** The same without waiting. */
  synchronized byte[] taken() {
    byte[] bytes = written.toByteArray();
    written.reset();
    return bytes;
  }

  @Override
  public void whenFlushed(Runnable task) {
    task.run();
  }

  @Override
  public boolean full() {
    return full;
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    paused = false;
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized void awaitClosed() throws InterruptedException {
    while (!closed) {
      wait();
    }
  }

  /** Ends the event loop after what it has to do. */
  void end() {
    loop.close();
  }
}
