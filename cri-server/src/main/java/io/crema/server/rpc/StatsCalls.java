package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.PodStatus;
import io.crema.server.cri.ContainerStats;
import io.crema.server.cri.ContainerStatsFilter;
import io.crema.server.cri.ContainerStatsRequest;
import io.crema.server.cri.ContainerStatsResponse;
import io.crema.server.cri.ListContainerStatsResponse;
import io.crema.server.cri.ListPodSandboxStatsResponse;
import io.crema.server.cri.PodSandboxStats;
import io.crema.server.cri.PodSandboxStatsFilter;
import io.crema.server.cri.PodSandboxStatsRequest;
import io.crema.server.cri.PodSandboxStatsResponse;
import io.crema.server.translate.Fields;
import io.crema.server.translate.StatsTranslation;
import java.util.List;

/** The RPCs for what pods and containers use. */
final class StatsCalls {
  private final PodRuntime runtime;

  StatsCalls(PodRuntime runtime) {
    this.runtime = runtime;
  }

  ContainerStatsResponse container(ContainerStatsRequest request)
      throws SandboxException, InterruptedException {
    return ContainerStatsResponse.newBuilder()
        .setStats(
            StatsTranslation.toProto(
                runtime.containerStats(Fields.required("container_id", request.getContainerId()))))
        .build();
  }

  ListContainerStatsResponse list(ContainerStatsFilter filter) throws InterruptedException {
    return ListContainerStatsResponse.newBuilder().addAllStats(items(filter)).build();
  }

  List<ContainerStats> items(ContainerStatsFilter filter) throws InterruptedException {
    return runtime.containerStats(StatsTranslation.filter(filter)).stream()
        .map(StatsTranslation::toProto)
        .toList();
  }

  /**
   * The kubelet asks for the pod with the empty id to learn whether this RPC is there: NOT_FOUND,
   * not INVALID_ARGUMENT, says that it is.
   */
  PodSandboxStatsResponse pod(PodSandboxStatsRequest request)
      throws SandboxException, InterruptedException {
    if (request.getPodSandboxId().isEmpty()) {
      throw new SandboxException(
          SandboxException.Code.NOT_FOUND, "pod_sandbox_id: there is no pod with the empty id");
    }
    PodStatus pod = runtime.podStatus(request.getPodSandboxId(), false);
    PodSandboxStats stats =
        items(PodSandboxStatsFilter.newBuilder().setId(pod.id()).build()).stream()
            .findFirst()
            .orElseGet(() -> StatsTranslation.toProto(pod));
    return PodSandboxStatsResponse.newBuilder().setStats(stats).build();
  }

  ListPodSandboxStatsResponse list(PodSandboxStatsFilter filter) throws InterruptedException {
    return ListPodSandboxStatsResponse.newBuilder().addAllStats(items(filter)).build();
  }

  List<PodSandboxStats> items(PodSandboxStatsFilter filter) throws InterruptedException {
    return runtime.podStats(StatsTranslation.filter(filter)).stream()
        .map(StatsTranslation::toProto)
        .toList();
  }
}
