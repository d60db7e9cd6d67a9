package io.crema.runtime.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The C side has the same numbers. */
class WireTest {
  private static final Pattern DEFINE =
      Pattern.compile("(?m)^#define (\\w+) \\(?(-?(?:0x)?[0-9A-Fa-f]+)\\)?\\s*(?:/\\*.*)?$");

  private static Map<String, Integer> cNumbers() throws IOException {
    Map<String, Integer> numbers = new HashMap<>();
    Matcher m = DEFINE.matcher(Files.readString(Path.of("src/main/c/wire.h")));
    while (m.find()) {
      numbers.put(m.group(1), Integer.decode(m.group(2)));
    }
    return numbers;
  }

  private static Map<String, Integer> javaNumbers(Class<?> type)
      throws ReflectiveOperationException {
    Map<String, Integer> numbers = new HashMap<>();
    for (Field f : type.getDeclaredFields()) {
      if (Modifier.isStatic(f.getModifiers()) && f.getType() == int.class) {
        f.setAccessible(true);
        numbers.put(f.getName(), f.getInt(null));
      }
    }
    return numbers;
  }

  @Test
  void messagesHaveTheSameNumbers() throws Exception {
    Map<String, Integer> java = javaNumbers(Wire.class);
    java.remove("HEAD"); // a static assertion there
    assertThat(java).hasSizeGreaterThan(40);
    assertThat(cNumbers()).containsAllEntriesOf(java);
  }

  @Test
  void plansHaveTheSameNumbers() throws Exception {
    Map<String, Integer> java = javaNumbers(Class.forName("io.crema.runtime.launch.PlanCodec"));
    Map<String, Integer> c = cNumbers();
    java.forEach(
        (name, value) -> {
          if (name.startsWith("OP_") || name.startsWith("KIND_")) {
            assertThat(c).containsEntry(name, value);
          }
        });
    assertThat(c)
        .containsEntry("PLAN_MAGIC", java.get("MAGIC"))
        .containsEntry("PLAN_VERSION", java.get("VERSION"))
        .containsEntry("GIVE_TERMINAL", io.crema.runtime.launch.Step.Give.TERMINAL);
  }
}
