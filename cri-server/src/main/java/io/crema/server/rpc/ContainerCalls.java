package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerStatus;
import io.crema.server.cri.Container;
import io.crema.server.cri.ContainerFilter;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.ContainerStatusResponse;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.CreateContainerResponse;
import io.crema.server.cri.ListContainersResponse;
import io.crema.server.cri.RemoveContainerRequest;
import io.crema.server.cri.RemoveContainerResponse;
import io.crema.server.cri.ReopenContainerLogRequest;
import io.crema.server.cri.ReopenContainerLogResponse;
import io.crema.server.cri.StartContainerRequest;
import io.crema.server.cri.StartContainerResponse;
import io.crema.server.cri.StopContainerRequest;
import io.crema.server.cri.StopContainerResponse;
import io.crema.server.cri.UpdateContainerResourcesRequest;
import io.crema.server.cri.UpdateContainerResourcesResponse;
import io.crema.server.translate.ContainerTranslation;
import io.crema.server.translate.Fields;
import io.crema.server.translate.PodTranslation;
import io.crema.server.translate.ResourceTranslation;
import java.time.Duration;
import java.util.List;

/** The RPCs on containers, without exec. */
final class ContainerCalls {
  /** The key of the launch plan in a verbose status, for {@code crema explain}. */
  static final String PLAN = "plan";

  private static final String PLAN_ERROR = "planError";
  private static final String ID = "container_id";

  private final PodRuntime runtime;

  ContainerCalls(PodRuntime runtime) {
    this.runtime = runtime;
  }

  CreateContainerResponse create(CreateContainerRequest request)
      throws SandboxException, InterruptedException {
    String podId = Fields.required("pod_sandbox_id", request.getPodSandboxId());
    Fields.present("config", request.hasConfig());
    Fields.present("sandbox_config", request.hasSandboxConfig());
    String id =
        runtime.createContainer(
            podId,
            ContainerTranslation.toModel(request.getConfig()),
            PodTranslation.toModel("sandbox_config", request.getSandboxConfig()));
    return CreateContainerResponse.newBuilder().setContainerId(id).build();
  }

  StartContainerResponse start(StartContainerRequest request)
      throws SandboxException, InterruptedException {
    runtime.startContainer(Fields.required(ID, request.getContainerId()));
    return StartContainerResponse.getDefaultInstance();
  }

  StopContainerResponse stop(StopContainerRequest request)
      throws SandboxException, InterruptedException {
    if (request.getTimeout() < 0) {
      throw Fields.invalid("timeout", request.getTimeout() + " is negative");
    }
    runtime.stopContainer(
        Fields.required(ID, request.getContainerId()), seconds(request.getTimeout()));
    return StopContainerResponse.getDefaultInstance();
  }

  RemoveContainerResponse remove(RemoveContainerRequest request)
      throws SandboxException, InterruptedException {
    runtime.removeContainer(Fields.required(ID, request.getContainerId()));
    return RemoveContainerResponse.getDefaultInstance();
  }

  ContainerStatusResponse status(ContainerStatusRequest request) throws SandboxException {
    ContainerStatus container =
        runtime.containerStatus(
            Fields.required(ID, request.getContainerId()), request.getVerbose());
    ContainerStatusResponse.Builder response =
        ContainerStatusResponse.newBuilder()
            .setStatus(ContainerTranslation.status(container))
            .putAllInfo(container.info());
    if (request.getVerbose()) {
      try {
        response.putInfo(PLAN, Json.write(runtime.explain(container.id())));
      } catch (SandboxException e) {
        // the status is as good without it: the image may have been removed meanwhile
        response.putInfo(PLAN_ERROR, Json.write(String.valueOf(e.getMessage())));
      }
    }
    return response.build();
  }

  ListContainersResponse list(ContainerFilter filter) throws SandboxException {
    return ListContainersResponse.newBuilder().addAllContainers(items(filter)).build();
  }

  List<Container> items(ContainerFilter filter) throws SandboxException {
    return runtime.listContainers(ContainerTranslation.filter(filter)).stream()
        .map(ContainerTranslation::item)
        .toList();
  }

  UpdateContainerResourcesResponse update(UpdateContainerResourcesRequest request)
      throws SandboxException, InterruptedException {
    String id = Fields.required(ID, request.getContainerId());
    runtime.updateResources(id, ResourceTranslation.toModel("linux", request.getLinux()));
    return UpdateContainerResourcesResponse.getDefaultInstance();
  }

  ReopenContainerLogResponse reopenLog(ReopenContainerLogRequest request)
      throws SandboxException, InterruptedException {
    runtime.reopenLog(Fields.required(ID, request.getContainerId()));
    return ReopenContainerLogResponse.getDefaultInstance();
  }

  /** A client may send any int64; more than a century is as good as for ever. */
  static Duration seconds(long seconds) {
    return Duration.ofSeconds(Math.min(seconds, 100L * 365 * 24 * 3600));
  }
}
