package io.crema.server.up;

import io.fabric8.kubernetes.api.model.Container;
import java.time.Duration;

/** A container of a pod that runs, through its restarts. */
final class Member {
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

  final Container spec;
  final String imageId;
  final String restartPolicy;
  String id = "";
  int attempt;
  boolean ended;
  int exitCode;
  private long restartAt;
  private Duration wait = FIRST_WAIT;

  Member(Container spec, String imageId, String restartPolicy) {
    this.spec = spec;
    this.imageId = imageId;
    this.restartPolicy = restartPolicy;
  }

  /** Takes note of the exit, and says whether a restart follows. */
  boolean exited(int code, long now) {
    ended = true;
    exitCode = code;
    boolean again =
        switch (restartPolicy) {
          case "Always" -> true;
          case "OnFailure" -> code != 0;
          default -> false;
        };
    if (again) {
      restartAt = now + wait.toNanos();
      wait = wait.multipliedBy(2).compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait.multipliedBy(2);
    }
    return again;
  }

  boolean willRestart() {
    return ended && restartAt != 0;
  }

  boolean isDue(long now) {
    return willRestart() && now - restartAt >= 0;
  }

  void restarted() {
    attempt++;
    ended = false;
    restartAt = 0;
  }

  String waitText(long now) {
    return "%.0f s".formatted(Math.max(0, restartAt - now) / 1e9);
  }
}
