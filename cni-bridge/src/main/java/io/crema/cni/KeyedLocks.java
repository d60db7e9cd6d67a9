package io.crema.cni;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One lock per key, there only while somebody holds it or waits for it. */
final class KeyedLocks {
  private static final class Entry {
    final ReentrantLock lock = new ReentrantLock();
    int users;
  }

  private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

  /** A held lock; closing gives it up. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  Held lock(String key) throws InterruptedException {
    Entry entry = entries.compute(key, (k, e) -> entered(e));
    try {
      entry.lock.lockInterruptibly();
    } catch (InterruptedException e) {
      leave(key);
      throw e;
    }
    return () -> {
      entry.lock.unlock();
      leave(key);
    };
  }

  /** How many keys are locked or waited for. */
  int size() {
    return entries.size();
  }

  private static Entry entered(@Nullable Entry e) {
    Entry entry = e == null ? new Entry() : e;
    entry.users++;
    return entry;
  }

  private void leave(String key) {
    entries.computeIfPresent(key, (k, e) -> --e.users == 0 ? null : e);
  }
}
