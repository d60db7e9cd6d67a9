package io.crema.server.cli;

import java.io.PrintStream;

/** {@code crema version}. */
final class VersionCommand implements Command {
  private final PrintStream out;

  VersionCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public String name() {
    return "version";
  }

  @Override
  public String operands() {
    return "";
  }

  @Override
  public String summary() {
    return "print the version";
  }

  @Override
  public int run(Arguments arguments) {
    out.printf("crema %s (CRI v1, Java %s)%n", Version.get(), Runtime.version());
    return 0;
  }
}
