package io.crema.server.up;

import io.crema.image.ImageService;
import io.crema.server.config.ServerConfig;
import io.crema.server.daemon.CriClient;
import io.crema.server.daemon.CriSocket;
import io.crema.server.daemon.Daemon;
import io.crema.server.daemon.RuntimeFactory;
import io.crema.server.manifest.PodManifest;
import io.crema.server.manifest.PodPlace;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Runs pods until they end or the caller stops it; nothing of them is left afterwards. */
public final class Up implements AutoCloseable {
  private static final int INTERRUPTED = 130; // as a shell says for one that was interrupted

  private final ServerConfig config;
  private final Screen screen;
  private final boolean withTimeline;
  private final CriClient client;
  private final @Nullable Daemon own;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger exitCode = new AtomicInteger();

  private Up(
      ServerConfig config,
      Screen screen,
      boolean withTimeline,
      CriClient client,
      @Nullable Daemon own) {
    this.config = config;
    this.screen = screen;
    this.withTimeline = withTimeline;
    this.client = client;
    this.own = own;
  }

  /**
   * Connects to the daemon on the configured address, or starts one in this process when nobody
   * answers there.
   *
   * @param terminal whether {@code err} is one
   */
  public static Up open(
      ServerConfig config,
      RuntimeFactory runtimes,
      String version,
      boolean withTimeline,
      boolean terminal,
      PrintStream out,
      PrintStream err)
      throws IOException, InterruptedException {
    Screen screen = new Screen(out, err, terminal);
    @Nullable Daemon own =
        CriSocket.answers(config.address()) ? null : Daemon.start(config, runtimes, version);
    return new Up(config, screen, withTimeline, CriClient.connect(config.address()), own);
  }

  /** Brings all pods up side by side and returns the first exit code that isn't 0, or 0. */
  public int run(List<PodManifest> manifests) throws InterruptedException, IOException {
    @Nullable ImageService images = own == null ? null : own.images();
    Puller puller = new Puller(client, images, screen);
    // Not by the resolver, which need not know this host's own name.
    String node = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    synchronized (threads) {
      for (PodManifest manifest : manifests) {
        manifest.warnings().forEach(screen::say);
        String uid = UUID.randomUUID().toString();
        PodPlace place =
            new PodPlace(uid, node, directory(config.root(), uid), directory(config.state(), uid));
        PodRun pod =
            new PodRun(
                client,
                puller,
                manifest,
                place,
                screen,
                manifests.size() > 1,
                withTimeline ? new PodTimeline(manifest.name(), System.nanoTime()) : null);
        threads.add(Thread.ofVirtual().name("pod " + manifest.name()).start(() -> run(pod)));
      }
    }
    join();
    return exitCode.get();
  }

  private static Path directory(Path parent, String uid) {
    return parent.resolve("up").resolve(uid);
  }

  private void run(PodRun pod) {
    int code;
    try {
      code = pod.run();
    } catch (ClosedByInterruptException e) {
      code = INTERRUPTED; // the interrupt met it in the middle of a read
    } catch (UpException | IOException e) {
      screen.say("crema up: " + e.getMessage());
      code = 1;
    } catch (InterruptedException e) {
      code = INTERRUPTED;
    }
    exitCode.compareAndSet(0, code);
  }

  /** Removes all pods with their grace; safe to call from another thread, and again. */
  public void stop() throws InterruptedException {
    synchronized (threads) {
      threads.forEach(Thread::interrupt);
    }
    join();
  }

  private void join() throws InterruptedException {
    List<Thread> all;
    synchronized (threads) {
      all = List.copyOf(threads);
    }
    for (Thread thread : all) {
      thread.join();
    }
  }

  /** Lets go of the daemon, which ends if it is our own. */
  @Override
  public void close() {
    client.close();
    if (own != null) {
      own.close();
    }
  }
}
