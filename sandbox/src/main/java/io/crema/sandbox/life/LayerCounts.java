package io.crema.sandbox.life;

import io.crema.image.FsUsage;
import io.crema.image.ImageService;
import io.crema.sandbox.model.LayerUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How much containers have written.
 *
 * <p>Only a walk over the layer can tell, which may take long and disturbs the disk, so no request
 * walks. A request that finds a count older than {@link #FRESH} has it counted again by one thread
 * in the background, and answers what was counted last, with that count's time. Containers that
 * nobody asks about are never walked; a layer that took long to count is left alone for {@link
 * #REST} times as long.
 */
final class LayerCounts implements AutoCloseable {
  /** As containerd's snapshot sync period (stats_collect_period). */
  static final Duration FRESH = Duration.ofSeconds(10);

  private static final int REST = 100;
  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Logger LOG = System.getLogger("io.crema.sandbox");

  private final ImageService images;
  private final ThreadPoolExecutor counter;

  /** A container's last count; belongs to the container. */
  static final class Count {
    private final CountDownLatch first = new CountDownLatch(1);
    private volatile @Nullable FsUsage usage;
    private volatile long due = System.nanoTime();
    private boolean underway;

    private synchronized boolean begin() {
      if (underway || System.nanoTime() - due < 0) {
        return false;
      }
      underway = true;
      return true;
    }

    private synchronized void end(@Nullable FsUsage counted, long took) {
      underway = false;
      due = System.nanoTime() + Math.max(FRESH.toNanos(), REST * took);
      if (counted != null) {
        usage = counted;
      }
      first.countDown();
    }
  }

  LayerCounts(ImageService images) {
    this.images = images;
    this.counter =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("layer-usage").daemon().factory());
    counter.allowCoreThreadTimeOut(true);
  }

  /** Has {@code container}'s layer counted again, when it is time. */
  void refresh(Container container) {
    Count count = container.layerCount();
    if (count.begin()) {
      counter.execute(() -> count(container, count));
    }
  }

  /**
   * The last count. The very first is waited for up to {@code patience}: small layers are counted
   * in no time.
   */
  LayerUsage of(Container container, Duration patience) throws InterruptedException {
    Count count = container.layerCount();
    if (count.usage == null && patience.isPositive()) {
      boolean _ = count.first.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
    String path = images.writableLayer(container.id()).map(l -> l.upper().toString()).orElse("");
    FsUsage usage = count.usage;
    return usage == null
        ? new LayerUsage(path, Node.now(), -1, -1)
        : new LayerUsage(path, Node.nanos(usage.at()), usage.usedBytes(), usage.inodes());
  }

  private void count(Container container, Count count) {
    long began = System.nanoTime();
    FsUsage usage = null;
    try {
      usage = images.writableLayerUsage(container.id());
    } catch (IOException | UncheckedIOException e) {
      // files come and go while they are counted, the container itself too: the last count stands
      LOG.log(Level.DEBUG, container.display() + ": its layer could not be counted", e);
    } finally {
      count.end(usage, System.nanoTime() - began);
    }
  }

  /** For tests: what runs the counts. */
  ExecutorService counter() {
    return counter;
  }

  @Override
  public void close() {
    counter.shutdownNow();
  }
}
