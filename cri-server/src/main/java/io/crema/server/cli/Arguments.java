package io.crema.server.cli;

import io.crema.server.config.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command's options and operands as typed: {@code --name value}, {@code --name=value}, switches,
 * and after {@code --} only operands.
 */
record Arguments(Map<String, String> options, List<String> operands) {
  Arguments {
    options = Map.copyOf(options);
    operands = List.copyOf(operands);
  }

  /** Sorts {@code typed} out by what {@code known} allows. */
  static Arguments parse(List<String> typed, List<Option> known) throws UsageException {
    Map<String, String> options = new LinkedHashMap<>();
    List<String> operands = new ArrayList<>();
    boolean onlyOperands = false;
    for (int i = 0; i < typed.size(); i++) {
      String word = typed.get(i);
      if (onlyOperands || !word.startsWith("-") || word.equals("-")) {
        operands.add(word);
      } else if (word.equals("--")) {
        onlyOperands = true;
      } else {
        String bare = word.replaceFirst("^--?", "");
        int equals = bare.indexOf('=');
        String name = equals < 0 ? bare : bare.substring(0, equals);
        Option option = find(word, name, known);
        if (options.containsKey(name)) {
          throw new UsageException("--%s is given twice".formatted(name));
        }
        if (option.isSwitch()) {
          if (equals >= 0) {
            throw new UsageException("--%s takes no value".formatted(name));
          }
          options.put(name, "true");
        } else if (equals >= 0) {
          options.put(name, bare.substring(equals + 1));
        } else if (i + 1 < typed.size()) {
          options.put(name, typed.get(++i));
        } else {
          throw new UsageException("--%s needs a value: %s".formatted(name, option.value()));
        }
      }
    }
    return new Arguments(options, operands);
  }

  private static Option find(String word, String name, List<Option> known) throws UsageException {
    for (Option option : known) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    throw new UsageException(
        "unknown option %s%s"
            .formatted(
                word,
                Nearest.hint("--" + name, known.stream().map(o -> "--" + o.name()).toList())));
  }

  Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  boolean has(String name) {
    return options.containsKey(name);
  }
}
