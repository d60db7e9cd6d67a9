package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerFilter;
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
import io.crema.server.cri.UpdatePodSandboxResourcesRequest;
import io.crema.server.cri.UpdatePodSandboxResourcesResponse;
import io.crema.server.translate.ContainerTranslation;
import io.crema.server.translate.Fields;
import io.crema.server.translate.PodTranslation;
import io.crema.server.translate.ResourceTranslation;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

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
   * Fills {@code containers_statuses} and {@code timestamp} together: with evented PLEG the kubelet
   * takes the containers from there alone once a timestamp is set (kubernetes#129990). The time is
   * that before they were looked at, so that nothing older is told as newer.
   */
  PodSandboxStatusResponse status(PodSandboxStatusRequest request) throws SandboxException {
    long now = ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
    PodStatus pod =
        runtime.podStatus(
            Fields.required("pod_sandbox_id", request.getPodSandboxId()), request.getVerbose());
    PodSandboxStatusResponse.Builder response =
        PodSandboxStatusResponse.newBuilder()
            .setStatus(PodTranslation.status(pod))
            .putAllInfo(pod.info())
            .setTimestamp(now);
    runtime
        .listContainers(new ContainerFilter("", null, pod.id(), Map.of()))
        .forEach(c -> response.addContainersStatuses(ContainerTranslation.status(c)));
    return response.build();
  }

  UpdatePodSandboxResourcesResponse update(UpdatePodSandboxResourcesRequest request)
      throws SandboxException {
    runtime.updatePodResources(
        Fields.required("pod_sandbox_id", request.getPodSandboxId()),
        request.hasOverhead()
            ? ResourceTranslation.toModel("overhead", request.getOverhead())
            : null,
        request.hasResources()
            ? ResourceTranslation.toModel("resources", request.getResources())
            : null);
    return UpdatePodSandboxResourcesResponse.getDefaultInstance();
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
