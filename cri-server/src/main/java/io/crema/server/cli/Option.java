package io.crema.server.cli;

/**
 * An option of a command.
 *
 * @param name without the dashes
 * @param value what stands for its value in the help; empty for a switch
 * @param description one line
 */
record Option(String name, String value, String description) {
  boolean isSwitch() {
    return value.isEmpty();
  }
}
