package io.crema.server.rpc;

import tools.jackson.databind.json.JsonMapper;

/** JSON for the {@code info} of verbose answers, which clients print as they are. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }
}
