package io.crema.server.cli;

import io.crema.server.config.ConfigReader;
import io.crema.server.config.Key;
import io.crema.server.config.ServerConfig;
import io.crema.server.daemon.Training;
import io.crema.server.log.Logging;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The run that the build makes for the AOT cache; no summary, so the help leaves it out. */
final class TrainingCommand implements Command {
  @Override
  public String name() {
    return "aot-training";
  }

  @Override
  public String operands() {
    return "DIR";
  }

  @Override
  public String summary() {
    return "";
  }

  @Override
  public int run(Arguments arguments) throws Exception {
    if (arguments.operands().size() != 1) {
      throw new UsageException("takes one directory");
    }
    String directory = Path.of(arguments.operands().get(0)).toAbsolutePath().toString();
    Logging.setUp("info");
    ServerConfig config =
        ConfigReader.read(
            null, Map.of(Key.ROOT, directory + "/root", Key.STATE, directory + "/state"));
    Training.run(
        config, List.of(System.getProperty("java.class.path", "").split(File.pathSeparator)));
    return 0;
  }
}
