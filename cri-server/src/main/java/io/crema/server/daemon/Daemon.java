package io.crema.server.daemon;

import io.crema.image.ImageService;
import io.crema.image.ImageServiceConfig;
import io.crema.image.Limits;
import io.crema.sandbox.PodRuntime;
import io.crema.server.config.ImageSettings;
import io.crema.server.config.ServerConfig;
import io.crema.server.rpc.ImageGrpc;
import io.crema.server.rpc.RuntimeGrpc;
import io.crema.server.rpc.RuntimeInfo;
import io.crema.server.streaming.StreamingServer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A daemon that runs: images, runtime and socket, made in this order and closed in reverse. Pods
 * outlive it.
 */
public final class Daemon implements AutoCloseable {
  private static final System.Logger log = System.getLogger("io.crema.server");

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final ServerConfig config;
  private @Nullable ImageService images;

  private Daemon(ServerConfig config) {
    this.config = config;
  }

  /** Returns once the socket takes calls. */
  public static Daemon start(ServerConfig config, RuntimeFactory runtimes, String version)
      throws IOException, InterruptedException {
    Daemon daemon = new Daemon(config);
    boolean started = false;
    try {
      daemon.open(runtimes, version);
      started = true;
      return daemon;
    } finally {
      if (!started) {
        daemon.close();
      }
    }
  }

  private void open(RuntimeFactory runtimes, String version)
      throws IOException, InterruptedException {
    own(StateLock.take(config.root()));
    own(StateLock.take(config.state()));
    ImageService opened = own(ImageService.open(imageConfig(config)));
    images = opened;
    PodRuntime runtime = own(runtimes.open(config, opened));
    StreamingServer streaming = own(StreamingServer.open(runtime, config.streaming()));
    RuntimeInfo info = new RuntimeInfo(runtime, version, config.describe());
    RuntimeGrpc grpc = new RuntimeGrpc(runtime, info, streaming);
    own(CriSocket.open(config.address(), List.of(grpc, new ImageGrpc(opened))));
    own(grpc); // closed first, or the socket would wait for streams that don't end
  }

  private static ImageServiceConfig imageConfig(ServerConfig config) {
    ImageSettings image = config.image();
    ImageServiceConfig defaults = ImageServiceConfig.at(config.root().resolve("images"));
    return new ImageServiceConfig(
        defaults.root(),
        config.certsDirs(),
        defaults.platform(),
        new Limits(
            defaults.limits().documentBytes(),
            defaults.limits().layers(),
            image.maxLayerSize(),
            image.maxUnpackedSize(),
            image.maxUnpackedRatio(),
            image.maxLayerEntries()),
        image.parallelLayers(),
        image.connectTimeout(),
        image.responseTimeout(),
        image.progressTimeout(),
        image.minSpeed(),
        image.retries(),
        image.pinned());
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /** The images, for a caller in the same process that wants to see a pull's progress. */
  public ImageService images() {
    if (images == null) {
      throw new IllegalStateException("the daemon is not open");
    }
    return images;
  }

  /** Takes no more calls, then lets go of everything; a second close does nothing. */
  @Override
  public synchronized void close() {
    while (!owned.isEmpty()) {
      AutoCloseable resource = owned.pop();
      try {
        resource.close();
      } catch (Exception e) { // the rest must be let go of as well
        log.log(Level.WARNING, "closing " + resource.getClass().getSimpleName() + " failed", e);
      }
    }
  }
}
