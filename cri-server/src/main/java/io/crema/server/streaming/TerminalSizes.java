package io.crema.server.streaming;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads the sizes of a client's terminal: a JSON object for each change, one after the other. */
final class TerminalSizes {
  /** What {@code {"Width":65535,"Height":65535}} and a few spaces need, several times over. */
  private static final int MAX_OBJECT = 1024;

  private static final int MAX_SIDE = 65535;

  private final InputStream in;

  TerminalSizes(InputStream in) {
    this.in = in;
  }

  /** Columns and rows; 0 is no size. */
  record Size(int columns, int rows) {}

  /** The next size; empty at the end. */
  Optional<Size> next() throws IOException {
    byte[] object = new byte[MAX_OBJECT];
    int length = 0;
    while (true) {
      int c = in.read();
      if (c < 0) {
        return Optional.empty();
      }
      if (length == MAX_OBJECT) {
        throw new IOException("a terminal's size of more than " + MAX_OBJECT + " bytes");
      }
      object[length++] = (byte) c;
      if (c == '}') {
        return Optional.of(parse(new String(object, 0, length, StandardCharsets.UTF_8)));
      }
    }
  }

  private static Size parse(String object) throws IOException {
    try {
      JsonNode node = Outcome.JSON.readTree(object);
      return new Size(side(node, "Width"), side(node, "Height"));
    } catch (JacksonException e) {
      throw new IOException("not a terminal's size: " + e.getOriginalMessage(), e);
    }
  }

  /** Go's JSON takes names in any case. */
  private static int side(JsonNode node, String name) throws IOException {
    for (var property : node.properties()) {
      if (property.getKey().equalsIgnoreCase(name)) {
        JsonNode value = property.getValue();
        if (!value.isInt() || value.intValue() < 0 || value.intValue() > MAX_SIDE) {
          throw new IOException("a terminal's " + name + " of " + value);
        }
        return value.intValue();
      }
    }
    return 0;
  }
}
