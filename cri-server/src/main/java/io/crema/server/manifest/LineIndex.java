package io.crema.server.manifest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** On which line each path of a YAML document stands. */
final class LineIndex {
  private final Map<String, Integer> lines = new HashMap<>();

  private LineIndex() {}

  /** One index for each document of {@code yaml} that isn't empty, in order. */
  static List<LineIndex> of(String yaml) {
    List<LineIndex> documents = new ArrayList<>();
    try (JsonParser parser =
        YAMLFactory.builder().build().createParser(ObjectReadContext.empty(), yaml)) {
      LineIndex current = new LineIndex();
      int depth = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        String pointer = parser.streamReadContext().pathAsPointer().toString();
        current.lines.putIfAbsent(pointer, parser.currentTokenLocation().getLineNr());
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        if (depth == 0) {
          documents.add(current);
          current = new LineIndex();
        }
      }
    }
    return documents;
  }

  /** The line of {@code path}, or of the nearest thing around it that exists. */
  int line(String path) {
    String pointer = "/" + path.replace("].", "/").replace("]", "").replaceAll("[.\\[]", "/");
    while (!pointer.isEmpty()) {
      @Nullable Integer line = lines.get(pointer);
      if (line != null) {
        return line;
      }
      pointer = pointer.substring(0, pointer.lastIndexOf('/'));
    }
    return lines.getOrDefault("", 1);
  }

  /** {@code /spec/containers/0/image} as people write it. */
  static String path(String pointer) {
    StringBuilder path = new StringBuilder();
    for (String part : pointer.split("/", -1)) {
      if (!part.isEmpty() && part.chars().allMatch(Character::isDigit)) {
        path.append('[').append(part).append(']');
      } else if (!part.isEmpty()) {
        path.append(path.isEmpty() ? "" : ".").append(part.replace("~1", "/").replace("~0", "~"));
      }
    }
    return path.toString();
  }
}
