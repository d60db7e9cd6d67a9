package io.crema.server.streaming;

import io.crema.sandbox.PodStreams;
import io.crema.sandbox.SandboxException;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.logging.JULLogDelegateFactory;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Serves the streams of exec, attach and port forwarding. Vert.x is started by the first request
 * for a URL, and costs a daemon that gets none nothing; with a port that is chosen it is started at
 * once, so that one that is taken is known at the start.
 */
public final class StreamingServer implements AutoCloseable {
  private static final System.Logger log = System.getLogger("io.crema.server.streaming");
  private static final long START_SECONDS = 20;
  private static final long STOP_SECONDS = 5;

  private final PodStreams runtime;
  private final StreamingConfig config;
  private final StreamTokens tokens = new StreamTokens(System::nanoTime);
  private final AtomicInteger connections = new AtomicInteger();
  private @Nullable Vertx vertx;
  private @Nullable NetServer server;
  private boolean closed;

  private StreamingServer(PodStreams runtime, StreamingConfig config) {
    this.runtime = runtime;
    this.config = config;
  }

  /** Serves {@code runtime}, which stays the caller's to close. */
  public static StreamingServer open(PodStreams runtime, StreamingConfig config)
      throws IOException, InterruptedException {
    StreamingServer opened = new StreamingServer(runtime, config);
    if (config.port() != 0) {
      opened.listening();
    }
    return opened;
  }

  /**
   * Where the client of {@code request} opens its streams, once, within a minute;
   * RESOURCE_EXHAUSTED when too many requests wait for their clients, UNAVAILABLE when the server
   * can't listen.
   */
  public String url(StreamRequest request) throws SandboxException, InterruptedException {
    StreamingConfig actual;
    try {
      actual = config.at(listening().actualPort());
    } catch (IOException e) {
      throw new SandboxException(SandboxException.Code.UNAVAILABLE, Failures.message(e), e);
    }
    return "%s://%s/%s/%s"
        .formatted(
            config.tls() ? "https" : "http",
            actual.address(),
            request.path(),
            tokens.issue(request));
  }

  private synchronized NetServer listening() throws IOException, InterruptedException {
    if (closed) {
      throw new IOException("streaming: the daemon ends");
    }
    NetServer running = server;
    if (running != null) {
      return running;
    }
    // Else both would ask for SLF4J, which Fabric8's model brings without a provider.
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    System.setProperty("vertx.disableDnsResolver", "true"); // addresses are few and local
    System.setProperty(
        "vertx.logger-delegate-factory-class-name", JULLogDelegateFactory.class.getName());
    Vertx started =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(2)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    boolean listens = false;
    try {
      NetServer listening =
          started.createNetServer(options()).connectHandler(s -> connected(started, s));
      await(
          listening.listen(config.port(), config.host()),
          "streaming: listen on " + config.address());
      vertx = started;
      server = listening;
      listens = true;
      log.log(Level.DEBUG, "streaming on {0}", config.at(listening.actualPort()).address());
      return listening;
    } finally {
      if (!listens) {
        Future<Void> _ = started.close();
      }
    }
  }

  private NetServerOptions options() {
    NetServerOptions options =
        new NetServerOptions()
            .setTcpKeepAlive(true)
            .setTcpNoDelay(true)
            .setIdleTimeout((int) config.limits().idle().toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    if (config.certificate() != null && config.key() != null) {
      options
          .setSsl(true)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .addCertPath(config.certificate().toString())
                  .addKeyPath(config.key().toString()));
    }
    return options;
  }

  private void connected(Vertx owner, NetSocket socket) {
    if (connections.incrementAndGet() > config.limits().connections()) {
      connections.decrementAndGet();
      log.log(
          Level.WARNING,
          "streaming: a connection was refused: {0} are open already",
          config.limits().connections());
      Future<Void> _ = socket.close();
      return;
    }
    Context context = owner.getOrCreateContext(); // of this connection's event loop
    VertxTransport transport = new VertxTransport(owner, context, socket);
    Link link = new ClientConnection(transport, runtime, tokens, config.limits()).link();
    socket.handler(buffer -> link.received(buffer.getBytes()));
    socket.drainHandler(_ -> link.writable());
    socket.exceptionHandler(e -> log.log(Level.DEBUG, "streaming connection: {0}", e.toString()));
    socket.closeHandler(
        _ -> {
          connections.decrementAndGet();
          link.disconnected();
        });
  }

  private static <T> T await(Future<T> future, String what)
      throws IOException, InterruptedException {
    try {
      return future.toCompletionStage().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      IOException cause = Failures.unwrapped(e);
      throw new IOException(what + ": " + cause.getMessage(), cause);
    } catch (TimeoutException e) {
      throw new IOException(what + ": no answer in " + START_SECONDS + " s", e);
    }
  }

  /** Ends all sessions; containers go on. */
  @Override
  public void close() {
    Vertx running;
    synchronized (this) {
      closed = true;
      running = vertx;
      vertx = null;
      server = null;
    }
    if (running == null) {
      return;
    }
    try {
      running.close().toCompletionStage().toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      log.log(Level.WARNING, "streaming: could not be ended in order", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
