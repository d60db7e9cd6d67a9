package io.crema.server.cli;

import java.lang.System.Logger.Level;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;

/** What happens on SIGTERM, SIGINT and SIGHUP: an orderly end, then an exit code of our own. */
final class Shutdown {
  private static final System.Logger log = System.getLogger("io.crema.server");

  private Shutdown() {}

  /** Handle that takes the arrangement back, for a command that ended by itself. */
  interface Registration {
    /** Returns whether the signal had not come yet. */
    boolean cancel();
  }

  /** On a signal, runs {@code end} and exits with what it returns. */
  static Registration onSignal(Callable<Integer> end) {
    AtomicBoolean done = new AtomicBoolean();
    Thread hook =
        new Thread(
            () -> {
              if (!done.compareAndSet(false, true)) {
                return;
              }
              int code = 1;
              try {
                code = end.call();
              } catch (Exception e) {
                log.log(Level.ERROR, "the end was not orderly", e);
              }
              // The JVM would exit with 128 + the signal's number, which systemd takes for a
              // failure.
              Runtime.getRuntime().halt(code);
            },
            "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    return () -> done.compareAndSet(false, true);
  }
}
