package io.crema.server.cli;

import io.crema.server.config.ConfigException;
import io.crema.server.daemon.RuntimeFactory;
import io.crema.server.log.Logging;
import io.grpc.StatusRuntimeException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code crema} command: 0 is success, 1 a failure, 2 something typed wrong. */
public final class Main {
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final PrintStream out;
  private final PrintStream err;

  Main(PrintStream out, PrintStream err, RuntimeFactory runtimes) {
    this.out = out;
    this.err = err;
    add(new ServeCommand(runtimes));
    add(new UpCommand(out, err, runtimes));
    add(new ExplainCommand(out));
    add(new HelpCommand(out, commands));
    add(new VersionCommand(out));
    add(new TrainingCommand());
  }

  private void add(Command command) {
    commands.put(command.name(), command);
  }

  /** Runs the command named first. */
  public static void main(String[] args) {
    Logging.outliveShutdown();
    System.exit(new Main(System.out, System.err, RuntimeFactory.CREMA).run(List.of(args)));
  }

  int run(List<String> args) {
    if (args.isEmpty()) {
      err.print(HelpCommand.overview(commands.values()));
      return 2;
    }
    String name = args.get(0);
    List<String> rest = args.subList(1, args.size());
    if (name.equals("--help") || name.equals("-h")) {
      name = "help";
    } else if (name.equals("--version")) {
      name = "version";
    }
    @Nullable Command command = commands.get(name);
    if (command == null) {
      err.println("crema: " + HelpCommand.unknown(name, commands));
      err.print(HelpCommand.overview(commands.values()));
      return 2;
    }
    if (rest.contains("--help") || rest.contains("-h")) {
      out.print(HelpCommand.describe(command));
      return 0;
    }
    return run(command, rest);
  }

  private int run(Command command, List<String> rest) {
    String prefix = "crema " + command.name() + ": ";
    try {
      return command.run(Arguments.parse(rest, command.options()));
    } catch (UsageException e) {
      err.println(prefix + e.getMessage());
      err.println("`crema help " + command.name() + "` tells what it takes.");
      return 2;
    } catch (ConfigException e) {
      err.println(prefix + e.getMessage());
      return 2;
    } catch (NoSuchFileException e) {
      err.println(prefix + e.getFile() + ": no such file");
      return 1;
    } catch (StatusRuntimeException e) {
      err.println(prefix + e.getStatus().getDescription());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println(prefix + "interrupted");
      return 1;
    } catch (RuntimeException e) { // a fault of ours: the trace is what helps
      err.println(prefix + "unexpected error");
      e.printStackTrace(err);
      return 1;
    } catch (Exception e) {
      err.println(prefix + e.getMessage());
      return 1;
    }
  }
}
