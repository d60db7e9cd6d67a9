package io.crema.server.cli;

import io.crema.server.config.ServerConfig;
import io.crema.server.daemon.Daemon;
import io.crema.server.daemon.RuntimeFactory;
import io.crema.server.log.Logging;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** {@code crema serve}: the daemon. */
final class ServeCommand implements Command {
  private static final System.Logger log = System.getLogger("io.crema.server");

  private final RuntimeFactory runtimes;

  ServeCommand(RuntimeFactory runtimes) {
    this.runtimes = runtimes;
  }

  @Override
  public String name() {
    return "serve";
  }

  @Override
  public String operands() {
    return "[OPTIONS]";
  }

  @Override
  public String summary() {
    return "run the daemon for the kubelet and crictl";
  }

  @Override
  public String details() {
    return """
        Serves the CRI on a unix socket until it gets SIGTERM or SIGINT. Pods run on when it ends, and the
        next one takes them up again. Daemons with root and state directories of their own run side by side.
        """;
  }

  @Override
  public List<Option> options() {
    return ConfigOptions.ALL;
  }

  @Override
  public int run(Arguments arguments) throws Exception {
    if (!arguments.operands().isEmpty()) {
      throw new UsageException("takes no operands, but got " + arguments.operands());
    }
    ServerConfig config = ConfigOptions.read(arguments);
    Logging.setUp(config.logLevel());
    Daemon daemon = Daemon.start(config, runtimes, Version.get());
    Shutdown.onSignal(
        () -> {
          log.log(Level.INFO, "stopping; pods run on");
          daemon.close();
          return 0;
        });
    log.log(
        Level.INFO,
        "crema {0} serves CRI v1 on {1}, ready after {2} ms",
        Version.get(),
        config.address(),
        ProcessHandle.current()
            .info()
            .startInstant()
            .map(start -> Long.toString(System.currentTimeMillis() - start.toEpochMilli()))
            .orElse("?"));
    new CountDownLatch(1).await(); // the shutdown hook ends the process
    return 0;
  }
}
