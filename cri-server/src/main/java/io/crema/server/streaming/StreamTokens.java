package io.crema.server.streaming;

import io.crema.sandbox.SandboxException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Requests that wait for their client, by a token that can't be guessed (128 random bits), is good
 * once, and dies after a minute; as request_cache.go of k8s.io/cri-streaming.
 */
final class StreamTokens {
  static final Duration TTL = Duration.ofMinutes(1);
  static final int MAX_IN_FLIGHT = 1000;

  private static final int BYTES = 16;

  private final SecureRandom random = new SecureRandom();
  private final LongSupplier nanoTime;
  private final Map<String, Waiting> waiting = new LinkedHashMap<>(); // oldest first

  private record Waiting(StreamRequest request, long since) {}

  StreamTokens(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A new token for {@code request}; RESOURCE_EXHAUSTED when too many wait. */
  synchronized String issue(StreamRequest request) throws SandboxException {
    dropExpired();
    if (waiting.size() >= MAX_IN_FLIGHT) {
      throw new SandboxException(
          SandboxException.Code.RESOURCE_EXHAUSTED,
          "%s: %d requests wait for their client already; each is dropped after %d s"
              .formatted(request.path(), MAX_IN_FLIGHT, TTL.toSeconds()));
    }
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    waiting.put(token, new Waiting(request, nanoTime.getAsLong()));
    return token;
  }

  /** What {@code token} stands for, once; a token on another path than its own is used up too. */
  synchronized Optional<StreamRequest> redeem(String path, String token) {
    Waiting found = waiting.remove(token);
    return Optional.ofNullable(found)
        .filter(w -> !expired(w))
        .map(Waiting::request)
        .filter(request -> request.path().equals(path));
  }

  private void dropExpired() {
    Iterator<Waiting> oldest = waiting.values().iterator();
    while (oldest.hasNext() && expired(oldest.next())) {
      oldest.remove();
    }
  }

  private boolean expired(Waiting w) {
    return nanoTime.getAsLong() - w.since() > TTL.toNanos();
  }
}
