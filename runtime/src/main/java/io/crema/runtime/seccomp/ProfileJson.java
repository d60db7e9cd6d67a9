package io.crema.runtime.seccomp;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON text as maps, lists, strings, integers and booleans, read with messages that say where.
 */
final class ProfileJson {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final String profile;

  private ProfileJson(String profile) {
    this.profile = profile;
  }

  /** The object that {@code text} is. */
  static Map<String, @Nullable Object> parse(String profile, byte[] text)
      throws SeccompProfileException {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      Object value = new ProfileJson(profile).value(parser);
      return object(profile, "the profile", value);
    } catch (JacksonException e) {
      throw new SeccompProfileException(
          "seccomp profile " + profile + ": not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private @Nullable Object value(JsonParser parser) throws SeccompProfileException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new SeccompProfileException("seccomp profile " + profile + ": it is empty");
    }
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> out = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = parser.currentName();
          parser.nextToken();
          out.put(key, value(parser));
        }
        yield out;
      }
      case START_ARRAY -> {
        List<@Nullable Object> out = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          out.add(value(parser));
        }
        yield out;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getBigIntegerValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default ->
          throw new SeccompProfileException(
              "seccomp profile " + profile + ": unexpected " + parser.getString());
    };
  }

  @SuppressWarnings("unchecked") // every map of this class is one
  static Map<String, @Nullable Object> object(String profile, String where, @Nullable Object value)
      throws SeccompProfileException {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw wrong(profile, where, "an object", value);
  }

  /** A list; null is an empty one. */
  static List<?> list(String profile, String where, @Nullable Object value)
      throws SeccompProfileException {
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(profile, where, "a list", value);
  }

  /** A list of strings; null is an empty one. */
  static List<String> strings(String profile, String where, @Nullable Object value)
      throws SeccompProfileException {
    List<String> out = new ArrayList<>();
    for (Object element : list(profile, where, value)) {
      out.add(string(profile, where, element));
    }
    return out;
  }

  static String string(String profile, String where, @Nullable Object value)
      throws SeccompProfileException {
    if (value instanceof String s) {
      return s;
    }
    throw wrong(profile, where, "a string", value);
  }

  /** An unsigned 64-bit number; null is zero. */
  static long number(String profile, String where, @Nullable Object value)
      throws SeccompProfileException {
    if (value == null) {
      return 0;
    }
    if (value instanceof BigInteger n && n.signum() >= 0 && n.bitLength() <= 64) {
      return n.longValue();
    }
    throw wrong(profile, where, "a number from 0 to 2^64-1", value);
  }

  private static SeccompProfileException wrong(
      String profile, String where, String expected, @Nullable Object value) {
    return new SeccompProfileException(
        "seccomp profile " + profile + ": " + where + ": expected " + expected + ", not " + value);
  }
}
