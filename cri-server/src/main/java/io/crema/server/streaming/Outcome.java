package io.crema.server.streaming;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** How an exec or attach ended, as its error stream tells it. */
sealed interface Outcome {
  /** Exit code 0, or the end of what was attached to. */
  record Success() implements Outcome {}

  /** The command ended with another exit code. */
  record Exited(List<String> command, int code) implements Outcome {
    public Exited {
      command = List.copyOf(command);
    }
  }

  /** It could not be done. */
  record Failed(String why) implements Outcome {}

  JsonMapper JSON = new JsonMapper();

  /**
   * For a person; empty for success. From version 4 on it is the {@code message} of {@link #json}.
   */
  default String text() {
    return switch (this) {
      case Success _ -> "";
      case Exited(List<String> command, int code) ->
          "command terminated with non-zero exit code: error executing command "
              + command
              + ", exit code "
              + code;
      case Failed(String why) -> "Internal error occurred: " + why;
    };
  }

  /** A metav1.Status, as remotecommand/exec.go and status.go of k8s.io/cri-streaming write it. */
  default byte[] json() {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("metadata", Map.of());
    switch (this) {
      case Success _ -> status.put("status", "Success");
      case Exited(List<String> _, int code) -> {
        status.put("status", "Failure");
        status.put("message", text());
        status.put("reason", "NonZeroExitCode");
        Map<String, String> cause = new LinkedHashMap<>();
        cause.put("reason", "ExitCode");
        cause.put("message", Integer.toString(code));
        status.put("details", Map.of("causes", List.of(cause)));
      }
      case Failed _ -> {
        status.put("status", "Failure");
        status.put("message", text());
        status.put("reason", "InternalError");
        status.put("code", 500);
      }
    }
    return JSON.writeValueAsBytes(status);
  }
}
