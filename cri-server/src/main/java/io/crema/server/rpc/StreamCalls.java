package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.sandbox.model.PodState;
import io.crema.sandbox.model.PodStatus;
import io.crema.sandbox.model.StreamSet;
import io.crema.server.cri.AttachRequest;
import io.crema.server.cri.AttachResponse;
import io.crema.server.cri.ExecRequest;
import io.crema.server.cri.ExecResponse;
import io.crema.server.cri.PortForwardRequest;
import io.crema.server.cri.PortForwardResponse;
import io.crema.server.streaming.StreamRequest;
import io.crema.server.streaming.StreamingServer;
import io.crema.server.translate.Fields;

/**
 * Exec, Attach and PortForward: check the request and answer where its streams are served; the
 * checks are those of k8s.io/cri-streaming (server.go).
 */
final class StreamCalls {
  private final PodRuntime runtime;
  private final StreamingServer server;

  StreamCalls(PodRuntime runtime, StreamingServer server) {
    this.runtime = runtime;
    this.server = server;
  }

  ExecResponse exec(ExecRequest request) throws SandboxException, InterruptedException {
    String id = Fields.required("container_id", request.getContainerId());
    if (request.getCmdCount() == 0) {
      throw Fields.invalid("cmd", "must not be empty");
    }
    StreamSet streams =
        streams(request.getStdin(), request.getStdout(), request.getStderr(), request.getTty());
    String url = server.url(new StreamRequest.Exec(running(id), request.getCmdList(), streams));
    return ExecResponse.newBuilder().setUrl(url).build();
  }

  AttachResponse attach(AttachRequest request) throws SandboxException, InterruptedException {
    String id = Fields.required("container_id", request.getContainerId());
    StreamSet streams =
        streams(request.getStdin(), request.getStdout(), request.getStderr(), request.getTty());
    String url = server.url(new StreamRequest.Attach(running(id), streams));
    return AttachResponse.newBuilder().setUrl(url).build();
  }

  PortForwardResponse portForward(PortForwardRequest request)
      throws SandboxException, InterruptedException {
    String id = Fields.required("pod_sandbox_id", request.getPodSandboxId());
    for (int port : request.getPortList()) {
      if (port < 1 || port > 65535) {
        throw Fields.invalid("port", port + " is not within 1 to 65535");
      }
    }
    PodStatus pod = runtime.podStatus(id, false);
    if (pod.state() != PodState.READY) {
      throw new SandboxException(
          SandboxException.Code.FAILED_PRECONDITION,
          "pod sandbox " + pod.id() + " is " + pod.state() + ", not READY");
    }
    String url = server.url(new StreamRequest.PortForward(pod.id(), request.getPortList()));
    return PortForwardResponse.newBuilder().setUrl(url).build();
  }

  private static StreamSet streams(boolean stdin, boolean stdout, boolean stderr, boolean tty)
      throws SandboxException {
    if (tty && stderr) {
      // A terminal has one output.
      throw Fields.invalid("stderr", "tty and stderr cannot both be true");
    }
    if (!stdin && !stdout && !stderr) {
      throw Fields.invalid("stdin", "one of stdin, stdout, or stderr must be set");
    }
    return new StreamSet(stdin, stdout, stderr, tty);
  }

  /** The container's full id. */
  private String running(String id) throws SandboxException {
    ContainerStatus container = runtime.containerStatus(id, false);
    if (container.state() != ContainerState.RUNNING) {
      throw new SandboxException(
          SandboxException.Code.FAILED_PRECONDITION,
          "container " + container.id() + " is " + container.state() + ", not RUNNING");
    }
    return container.id();
  }
}
