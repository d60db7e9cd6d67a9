package io.crema.server.cli;

import io.crema.server.config.Nearest;
import java.io.PrintStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code crema help [COMMAND]}. */
final class HelpCommand implements Command {
  private final PrintStream out;
  private final Map<String, Command> commands;

  /** Shows {@code commands}, which may yet grow. */
  HelpCommand(PrintStream out, Map<String, Command> commands) {
    this.out = out;
    this.commands = commands;
  }

  @Override
  public String name() {
    return "help";
  }

  @Override
  public String operands() {
    return "[COMMAND]";
  }

  @Override
  public String summary() {
    return "say what a command does and takes";
  }

  @Override
  public int run(Arguments arguments) throws UsageException {
    List<String> operands = arguments.operands();
    if (operands.isEmpty()) {
      out.print(overview(commands.values()));
      return 0;
    }
    @Nullable Command command = commands.get(operands.get(0));
    if (command == null) {
      throw new UsageException(unknown(operands.get(0), commands));
    }
    out.print(describe(command));
    return 0;
  }

  static String unknown(String name, Map<String, Command> commands) {
    return "there is no command '%s'%s".formatted(name, Nearest.hint(name, commands.keySet()));
  }

  static String overview(Collection<Command> commands) {
    StringBuilder text = new StringBuilder("Crema, a Kubernetes container runtime.\n\n");
    for (Command command : commands) {
      if (!command.summary().isEmpty()) {
        text.append("  crema %-28s %s%n".formatted(usage(command), command.summary()));
      }
    }
    return text.append("\n`crema help COMMAND` tells more of one.\n").toString();
  }

  static String describe(Command command) {
    StringBuilder text = new StringBuilder();
    text.append("crema %s: %s%n".formatted(usage(command), command.summary()));
    if (!command.details().isEmpty()) {
      text.append('\n').append(command.details());
    }
    if (!command.options().isEmpty()) {
      text.append('\n');
      for (Option option : command.options()) {
        String left = "--" + option.name() + (option.isSwitch() ? "" : " " + option.value());
        text.append("  %-22s %s%n".formatted(left, option.description()));
      }
    }
    return text.toString();
  }

  private static String usage(Command command) {
    return command.operands().isEmpty()
        ? command.name()
        : command.name() + " " + command.operands();
  }
}
