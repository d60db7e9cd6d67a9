package io.crema.sandbox.life;

import io.crema.runtime.keeper.LaunchRequest;
import io.crema.runtime.keeper.Stdio;
import io.crema.runtime.launch.EnvEntry;
import io.crema.runtime.launch.ProcessSpec;
import io.crema.runtime.launch.StdioSpec;
import io.crema.runtime.launch.Stream;
import io.crema.runtime.linux.Fd;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the standard streams of a further process in a container are. */
sealed interface ExecStdio {
  /** Pipes, whose ends are lent; /dev/null for those that are null. */
  record Pipes(@Nullable Fd stdin, @Nullable Fd stdout, @Nullable Fd stderr) implements ExecStdio {
    @Override
    public ProcessSpec process(ProcessSpec container, List<String> command) {
      return container.with(
          command, new StdioSpec.Streams(stream(stdin), stream(stdout), stream(stderr)));
    }

    private static Stream stream(@Nullable Fd end) {
      return end == null ? Stream.NULL : Stream.PIPE;
    }

    @Override
    public void connect(LaunchRequest.Builder request) {
      request.stdio(given(stdin), given(stdout), given(stderr));
    }

    private static Stdio given(@Nullable Fd end) {
      return end == null ? Stdio.DEV_NULL : new Stdio.Given(end);
    }
  }

  /** A terminal of the container's own, whose master comes back with the launch. */
  record Terminal() implements ExecStdio {
    @Override
    public ProcessSpec process(ProcessSpec container, List<String> command) {
      return container
          .with(command, new StdioSpec.Terminal())
          // As containerd does for an exec, whatever the container has (container_execsync.go).
          .withEnvironment(EnvEntry.of("TERM", "xterm"));
    }

    @Override
    public void connect(LaunchRequest.Builder request) {
      request.terminal(new Stdio.Terminal(true, false));
    }
  }

  /** The container's own process, executing {@code command} on these streams. */
  ProcessSpec process(ProcessSpec container, List<String> command);

  /** Puts the streams into the request. */
  void connect(LaunchRequest.Builder request);
}
