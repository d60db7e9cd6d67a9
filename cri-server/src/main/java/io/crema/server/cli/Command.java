package io.crema.server.cli;

import java.util.List;

/** One word after {@code crema}. */
interface Command {
  String name();

  /** What follows the name, as {@code FILE.yaml... [--timeline]}. */
  String operands();

  /** One line for the list of commands. */
  String summary();

  /** More than the line, for {@code crema help NAME}; may be empty. */
  default String details() {
    return "";
  }

  default List<Option> options() {
    return List.of();
  }

  /** Does it, and returns the exit code; what goes wrong is thrown with a message for a person. */
  int run(Arguments arguments) throws Exception;
}
