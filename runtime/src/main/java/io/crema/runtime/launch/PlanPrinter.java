package io.crema.runtime.launch;

import io.crema.runtime.linux.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Prints a plan for people, one line a step, as strace would, but before the fact:
 *
 * <pre>
 *  4  mount_setattr(3, "", AT_EMPTY_PATH|AT_RECURSIVE, {mount_attr}, 32)  — make /data read-only
 * </pre>
 *
 * A descriptor that a step opened is {@code $N}, by the step's number; one that travels with the
 * plan is {@code <name>}.
 */
public final class PlanPrinter {
  private static final int MAX_TEXT = 160;
  private static final int MAX_BYTES = 16;

  private PlanPrinter() {}

  /** The plan's lines, without line ends. */
  public static List<String> lines(LaunchPlan plan) {
    int width = String.valueOf(Math.max(0, plan.steps().size() - 1)).length();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < plan.steps().size(); i++) {
      Step step = plan.steps().get(i);
      lines.add(
          String.format("%" + width + "d  %s  — %s", i, action(step), oneLine(step.purpose())));
    }
    return List.copyOf(lines);
  }

  /** The plan as text, a line a step. */
  public static String print(LaunchPlan plan) {
    return lines(plan).stream().map(l -> l + "\n").collect(Collectors.joining());
  }

  private static String action(Step step) {
    return switch (step) {
      case Step.Call call ->
          call.sys().callName()
              + call.arguments().stream()
                  .map(PlanPrinter::argument)
                  .collect(Collectors.joining(", ", "(", ")"))
              + tolerated(call);
      case Step.Wait _ -> "wait";
      case Step.Give give ->
          "give("
              + (give.tag() == Step.Give.TERMINAL ? "TERMINAL" : String.valueOf(give.tag()))
              + ", "
              + argument(give.descriptor())
              + ")";
      case Step.Init _ -> "init";
      case Step.Clone clone -> "clone(" + clone.label() + ")";
      case Step.Fail fail -> "fail(" + fail.errno() + ")";
    };
  }

  private static String tolerated(Step.Call call) {
    return call.tolerated().isEmpty()
        ? ""
        : call.tolerated().stream()
            .sorted()
            .map(Errno::name)
            .collect(Collectors.joining("|", " or ", ""));
  }

  private static String argument(Arg arg) {
    return switch (arg) {
      case Arg.Value(long value, String label) -> label.isEmpty() ? number(value) : label;
      case Arg.Slot(_, String name) -> "<" + name + ">";
      case Arg.Result(int step, _) -> "$" + step;
      case Arg.Text(String text) -> quote(text);
      case Arg.Bytes(byte[] bytes, String label) ->
          label.isEmpty() ? bytes(bytes) : "{" + label + ", " + bytes.length + " bytes}";
      case Arg.Struct(_, List<Arg.Field> fields, String label) ->
          fields.stream()
              .filter(f -> !f.value().equals(Arg.of(0)))
              .map(f -> argument(f.value()))
              .collect(
                  Collectors.joining(
                      ", ",
                      label.isEmpty() ? "{" : "{" + label + (fields.isEmpty() ? "" : ": "),
                      "}"));
      case Arg.Pointers(List<Arg> elements, _) ->
          elements.stream().map(PlanPrinter::argument).collect(Collectors.joining(", ", "[", "]"));
    };
  }

  private static String number(long value) {
    return value >= -4096 && value < 65536 ? Long.toString(value) : "0x" + Long.toHexString(value);
  }

  private static String bytes(byte[] bytes) {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < bytes.length && i < MAX_BYTES; i++) {
      out.append(String.format("%02x", bytes[i]));
    }
    return out.append(bytes.length > MAX_BYTES ? "… " + bytes.length + " bytes}" : "}").toString();
  }

  private static String quote(String text) {
    String shown = oneLine(text);
    return shown.length() > MAX_TEXT
        ? '"' + shown.substring(0, MAX_TEXT) + "\"…"
        : '"' + shown + '"';
  }

  private static String oneLine(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                default -> {
                  if (Character.isISOControl(c)) {
                    out.append(String.format("\\x%02x", c));
                  } else {
                    out.appendCodePoint(c);
                  }
                }
              }
            });
    return out.toString();
  }
}
