package io.crema.server.cli;

import io.crema.server.config.ServerConfig;
import io.crema.server.daemon.RuntimeFactory;
import io.crema.server.log.Logging;
import io.crema.server.manifest.ManifestException;
import io.crema.server.manifest.ManifestReader;
import io.crema.server.manifest.PodManifest;
import io.crema.server.up.Up;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code crema up FILE.yaml...}. */
final class UpCommand implements Command {
  private final PrintStream out;
  private final PrintStream err;
  private final RuntimeFactory runtimes;

  UpCommand(PrintStream out, PrintStream err, RuntimeFactory runtimes) {
    this.out = out;
    this.err = err;
    this.runtimes = runtimes;
  }

  @Override
  public String name() {
    return "up";
  }

  @Override
  public String operands() {
    return "FILE.yaml... [--timeline]";
  }

  @Override
  public String summary() {
    return "run pods from manifests and follow their logs";
  }

  @Override
  public String details() {
    return """
        Pulls the images, starts the pods, shows their addresses and host ports, follows their logs. Ctrl-C
        removes everything. Ends by itself when all containers of all pods have ended for good, with the first
        exit code that isn't 0. Uses the daemon on the configured address, or starts one for the time being.
        Containers restart as restartPolicy says, after 1, 2, 4... seconds, at most 5 minutes.
        """;
  }

  @Override
  public List<Option> options() {
    List<Option> options = new ArrayList<>();
    options.add(new Option("timeline", "", "print what each pod's start was made of, in ms"));
    options.addAll(ConfigOptions.ALL);
    return options;
  }

  @Override
  public int run(Arguments arguments) throws Exception {
    if (arguments.operands().isEmpty()) {
      throw new UsageException("names no file; expected one or more Pod manifests");
    }
    ServerConfig config = ConfigOptions.read(arguments);
    Logging.setUp(arguments.has("log-level") ? config.logLevel() : "warn");
    List<PodManifest> pods;
    try {
      pods = ManifestReader.read(arguments.operands().stream().map(Path::of).toList());
    } catch (ManifestException e) {
      err.println(e.getMessage());
      return 2;
    }
    Up up =
        Up.open(
            config,
            runtimes,
            Version.get(),
            arguments.has("timeline"),
            Boolean.getBoolean("crema.terminal"),
            out,
            err);
    Shutdown.Registration signal =
        Shutdown.onSignal(
            () -> {
              up.stop();
              up.close();
              return 130;
            });
    try {
      return up.run(pods);
    } finally {
      if (!signal.cancel()) {
        Thread.currentThread().join(); // the shutdown hook has it in hand and ends the process
      }
      up.close();
    }
  }
}
