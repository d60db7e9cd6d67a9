package io.crema.sandbox.life;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object as Go writes it with {@code omitempty}: what is zero, false, empty or null isn't
 * there. Tools that parse containerd's {@code info} expect that.
 */
final class InfoMap {
  private final Map<String, Object> values = new LinkedHashMap<>();

  InfoMap put(String key, @Nullable Object value) {
    boolean empty =
        switch (value) {
          case null -> true;
          case String s -> s.isEmpty();
          case Boolean b -> !b;
          case Number n -> n.longValue() == 0;
          case Collection<?> c -> c.isEmpty();
          case Map<?, ?> m -> m.isEmpty();
          default -> false;
        };
    if (!empty && value != null) {
      values.put(key, value);
    }
    return this;
  }

  /** Also when it is zero, false or empty. */
  InfoMap always(String key, Object value) {
    values.put(key, value);
    return this;
  }

  Map<String, Object> map() {
    return values;
  }
}
