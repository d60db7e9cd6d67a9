package io.crema.server.log;

import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.JdkLoggerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** Sets up java.util.logging, which System.Logger and gRPC both end in. */
public final class Logging {
  /** The levels that a configuration may name, from quiet to loud. */
  public static final Map<String, Level> LEVELS =
      Map.of(
          "error", Level.SEVERE,
          "warn", Level.WARNING,
          "info", Level.INFO,
          "debug", Level.FINE,
          "trace", Level.FINER);

  /** Held for ever: java.util.logging keeps only weak references to the loggers set up here. */
  private static final List<Logger> KEPT = new ArrayList<>();

  private Logging() {}

  /**
   * Lets log lines through while the JVM shuts down, when java.util.logging would reset itself.
   * Must be called before the first logger is made.
   */
  public static void outliveShutdown() {
    System.setProperty("java.util.logging.manager", LastingLogManager.class.getName());
  }

  /** Instantiated by java.util.logging, by name. */
  public static final class LastingLogManager extends LogManager {
    /** Called by a shutdown hook of the JVM, beside our own. */
    @Override
    public void reset() {}
  }

  /** One line a record on standard error; {@code level} is a key of {@link #LEVELS}. */
  public static void setUp(String level) {
    Level chosen = LEVELS.getOrDefault(level.toLowerCase(Locale.ROOT), Level.INFO);
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    ConsoleHandler handler = new ConsoleHandler();
    handler.setFormatter(new LineFormatter());
    handler.setLevel(Level.ALL);
    root.addHandler(handler);
    root.setLevel(Level.WARNING);
    // Else gRPC's netty asks for SLF4J, which Fabric8's model brings without a provider.
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    set("io.crema", chosen);
    // One warning a connection: "Unknown channel option 'SO_KEEPALIVE'" on unix sockets.
    set("io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap", Level.SEVERE);
    set("io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap", Level.SEVERE);
    // Every malformed frame of a streaming client that follows the first; the first is ours to
    // tell.
    set("io.netty.channel.embedded.EmbeddedChannel", Level.OFF);
  }

  private static synchronized void set(String name, Level level) {
    Logger logger = Logger.getLogger(name);
    logger.setLevel(level);
    KEPT.add(logger);
  }
}
