package io.crema.sandbox;

import io.crema.sandbox.model.StreamSet;
import java.util.List;

/**
 * What a client can have streams to: the part of {@link PodRuntime} that the streaming server
 * needs, under the same rules.
 */
public interface PodStreams {
  /**
   * Starts a command whose streams the caller serves; returns once its {@code execve} succeeded.
   * FAILED_PRECONDITION when the container doesn't run. The caller owns the session.
   */
  StreamSession exec(String containerId, List<String> command, StreamSet streams)
      throws SandboxException, InterruptedException;

  /**
   * Joins a client to a running container's streams, from now on and beside those who are attached
   * already. FAILED_PRECONDITION when it doesn't run. The caller owns the session.
   */
  StreamSession attach(String containerId, StreamSet streams)
      throws SandboxException, InterruptedException;

  /**
   * Connects to a port on the pod's loopback, 127.0.0.1 or else ::1. UNAVAILABLE when neither takes
   * the connection; FAILED_PRECONDITION when the pod isn't ready. The caller owns the connection.
   */
  PodConnection connect(String podId, int port) throws SandboxException, InterruptedException;
}
