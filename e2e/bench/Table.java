import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints cribench's figures of one or two runtimes beside each other, each the median over its
 * rounds: {@code Table.java DIRECTORY RUNTIME...}.
 */
final class Table {
  private static final Pattern FILE = Pattern.compile("([a-z]+)-([a-z]+)-\\d+\\.json");
  private static final Pattern FIGURE = Pattern.compile("\"([^\"]+)\": ([-0-9.e+]+)");

  private Table() {}

  public static void main(String[] args) throws IOException {
    List<String> runtimes = List.of(args).subList(1, args.length);
    // scenario → figure → runtime → values of all rounds
    Map<String, Map<String, Map<String, List<Double>>>> all = new TreeMap<>();
    try (var files = Files.list(Path.of(args[0]))) {
      for (Path file : files.toList()) {
        Matcher name = FILE.matcher(file.getFileName().toString());
        if (!name.matches()) {
          continue;
        }
        Matcher figure = FIGURE.matcher(Files.readString(file));
        while (figure.find()) {
          all.computeIfAbsent(name.group(1), _ -> new TreeMap<>())
              .computeIfAbsent(figure.group(1), _ -> new TreeMap<>())
              .computeIfAbsent(name.group(2), _ -> new ArrayList<>())
              .add(Double.valueOf(figure.group(2)));
        }
      }
    }
    for (var scenario : new TreeSet<>(all.keySet()).descendingSet()) {
      System.out.printf("%n%-52s", scenario + " at once");
      runtimes.forEach(r -> System.out.printf("%14s", r));
      System.out.println(runtimes.size() == 2 ? "         ratio" : "");
      all.get(scenario)
          .forEach(
              (figure, values) -> {
                System.out.printf("%-52s", figure);
                runtimes.forEach(r -> System.out.printf("%14.2f", median(values.get(r))));
                if (runtimes.size() == 2) {
                  double first = median(values.get(runtimes.get(0)));
                  double second = median(values.get(runtimes.get(1)));
                  boolean more = figure.contains("per second"); // more is better
                  System.out.printf("%14.1f", more ? first / second : second / first);
                }
                System.out.println();
              });
    }
  }

  private static double median(List<Double> values) {
    if (values == null || values.isEmpty()) {
      return Double.NaN;
    }
    List<Double> sorted = values.stream().sorted().toList();
    int n = sorted.size();
    return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
  }
}
