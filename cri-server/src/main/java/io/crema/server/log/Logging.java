package io.crema.server.log;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
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
  private static final List<Logger> KEPT =
      List.of(
          Logger.getLogger("io.crema"),
          // One warning a connection: "Unknown channel option 'SO_KEEPALIVE'" on unix sockets.
          Logger.getLogger("io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap"),
          Logger.getLogger("io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap"));

  private Logging() {}

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
    KEPT.get(0).setLevel(chosen);
    KEPT.get(1).setLevel(Level.SEVERE);
    KEPT.get(2).setLevel(Level.SEVERE);
  }
}
