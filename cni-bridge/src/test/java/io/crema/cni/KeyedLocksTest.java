package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class KeyedLocksTest {
  @Test
  void oneAtATimePerKey() throws Exception {
    KeyedLocks locks = new KeyedLocks();
    AtomicIntegerArray inside = new AtomicIntegerArray(3);
    AtomicInteger worst = new AtomicInteger();
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 300; i++) {
        int key = i % 3;
        all.add(
            threads.submit(
                () -> {
                  try (var _ = locks.lock("key " + key)) {
                    worst.accumulateAndGet(inside.incrementAndGet(key), Math::max);
                    inside.decrementAndGet(key);
                  }
                  return null;
                }));
      }
    }
    for (Future<?> f : all) {
      f.get();
    }
    assertThat(worst).hasValue(1);
    assertThat(locks.size()).isZero();
  }
}
