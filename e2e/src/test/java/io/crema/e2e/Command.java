package io.crema.e2e;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A program run to its end, with what it wrote. */
public final class Command {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  private Command() {}

  /** What a program did. */
  public record Result(List<String> command, int status, String out, String err) {

    /** Its standard output without trailing newlines; fails the test when the program failed. */
    public String ok() {
      if (status != 0) {
        throw new AssertionError(this);
      }
      return out.stripTrailing();
    }

    /** Its standard error; fails the test when the program succeeded. */
    public String failed() {
      if (status == 0) {
        throw new AssertionError("expected to fail: " + this);
      }
      return err;
    }

    @Override
    public String toString() {
      return "%s: exit %d%n%s%s".formatted(String.join(" ", command), status, out, err);
    }
  }

  /** Runs a program; one that does not end within two minutes is killed and fails the test. */
  public static Result run(String... command) {
    return run(List.of(command), Map.of(), LIMIT);
  }

  /**
   * Runs a program with more environment; one that does not end within {@code limit} is killed and
   * fails the test.
   */
  public static Result run(List<String> command, Map<String, String> environment, Duration limit) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      CompletableFuture<String> err =
          CompletableFuture.supplyAsync(() -> text(process, true), Thread::startVirtualThread);
      CompletableFuture<String> out =
          CompletableFuture.supplyAsync(() -> text(process, false), Thread::startVirtualThread);
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        throw new AssertionError(
            "%s: still running after %s%n%s%s"
                .formatted(String.join(" ", command), limit, out.join(), err.join()));
      }
      return new Result(command, process.exitValue(), out.join(), err.join());
    } catch (IOException e) {
      throw new UncheckedIOException(String.join(" ", command), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + command + " ran", e);
    }
  }

  private static String text(Process process, boolean error) {
    try (var stream = error ? process.getErrorStream() : process.getInputStream()) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
