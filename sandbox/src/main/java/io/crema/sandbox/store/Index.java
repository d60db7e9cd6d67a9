package io.crema.sandbox.store;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * Live objects by id, found also by an unambiguous beginning of it, as crictl's users type.
 *
 * @param <T> what is indexed
 */
public final class Index<T> {
  private final ConcurrentSkipListMap<String, T> byId = new ConcurrentSkipListMap<>();

  public void put(String id, T value) {
    byId.put(id, value);
  }

  public void remove(String id) {
    byId.remove(id);
  }

  /** The one whose id is {@code id} or, when only one does, begins with it. */
  public Optional<T> find(String id) {
    T exact = byId.get(id);
    if (exact != null) {
      return Optional.of(exact);
    }
    if (id.isEmpty()) {
      return Optional.empty();
    }
    var first = byId.ceilingEntry(id);
    if (first == null || !first.getKey().startsWith(id)) {
      return Optional.empty();
    }
    String next = byId.higherKey(first.getKey());
    return next != null && next.startsWith(id) ? Optional.empty() : Optional.of(first.getValue());
  }

  /** Those whose id begins with {@code prefix}, which isn't empty; costs what it finds. */
  public Stream<T> beginningWith(String prefix) {
    return byId.tailMap(prefix).entrySet().stream()
        .takeWhile(e -> e.getKey().startsWith(prefix))
        .map(Map.Entry::getValue);
  }

  /** All of them, ordered by id; safe to walk while others change. */
  public Collection<T> all() {
    return byId.values();
  }
}
