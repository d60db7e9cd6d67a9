package io.crema.server.streaming;

import io.crema.sandbox.model.StreamSet;
import java.util.List;

/** What a token stands for: a checked request whose streams the client is about to open. */
public sealed interface StreamRequest {
  /** Run a command in a container. */
  record Exec(String containerId, List<String> command, StreamSet streams)
      implements StreamRequest {
    public Exec {
      command = List.copyOf(command);
    }

    @Override
    public String path() {
      return "exec";
    }
  }

  /** Join a container's streams. */
  record Attach(String containerId, StreamSet streams) implements StreamRequest {
    @Override
    public String path() {
      return "attach";
    }
  }

  /**
   * Connect to ports in a pod.
   *
   * @param ports for WebSocket clients, whose channels they number; others name theirs as they go
   */
  record PortForward(String podId, List<Integer> ports) implements StreamRequest {
    public PortForward {
      ports = List.copyOf(ports);
    }

    @Override
    public String path() {
      return "portforward";
    }
  }

  /** The first part of its URL's path. */
  String path();
}
