package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.PodStatus;
import io.crema.server.cri.ListPodSandboxResponse;
import io.crema.server.cri.PodSandbox;
import io.crema.server.cri.PodSandboxFilter;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.PodSandboxStatusResponse;
import io.crema.server.cri.RemovePodSandboxRequest;
import io.crema.server.cri.RemovePodSandboxResponse;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.RunPodSandboxResponse;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.cri.StopPodSandboxResponse;
import io.crema.server.translate.Fields;
import io.crema.server.translate.PodTranslation;
import java.util.List;

/** The RPCs on sandboxes. */
final class PodCalls {
  private final PodRuntime runtime;

  PodCalls(PodRuntime runtime) {
    this.runtime = runtime;
  }

  RunPodSandboxResponse run(RunPodSandboxRequest request)
      throws SandboxException, InterruptedException {
    Fields.present("config", request.hasConfig());
    String id =
        runtime.runPod(
            PodTranslation.toModel("config", request.getConfig()), request.getRuntimeHandler());
    return RunPodSandboxResponse.newBuilder().setPodSandboxId(id).build();
  }

  StopPodSandboxResponse stop(StopPodSandboxRequest request)
      throws SandboxException, InterruptedException {
    runtime.stopPod(Fields.required("pod_sandbox_id", request.getPodSandboxId()));
    return StopPodSandboxResponse.getDefaultInstance();
  }

  RemovePodSandboxResponse remove(RemovePodSandboxRequest request)
      throws SandboxException, InterruptedException {
    runtime.removePod(Fields.required("pod_sandbox_id", request.getPodSandboxId()));
    return RemovePodSandboxResponse.getDefaultInstance();
  }

  /**
   * Leaves {@code containers_statuses} and {@code timestamp} unset together: with evented PLEG the
   * kubelet takes the containers from there alone once a timestamp is set (kubernetes#129990).
   */
  PodSandboxStatusResponse status(PodSandboxStatusRequest request) throws SandboxException {
    PodStatus pod =
        runtime.podStatus(
            Fields.required("pod_sandbox_id", request.getPodSandboxId()), request.getVerbose());
    return PodSandboxStatusResponse.newBuilder()
        .setStatus(PodTranslation.status(pod))
        .putAllInfo(pod.info())
        .build();
  }

  ListPodSandboxResponse list(PodSandboxFilter filter) throws SandboxException {
    return ListPodSandboxResponse.newBuilder().addAllItems(items(filter)).build();
  }

  List<PodSandbox> items(PodSandboxFilter filter) throws SandboxException {
    return runtime.listPods(PodTranslation.filter(filter)).stream()
        .map(PodTranslation::item)
        .toList();
  }
}
