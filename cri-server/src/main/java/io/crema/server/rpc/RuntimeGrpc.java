package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.server.cri.AttachRequest;
import io.crema.server.cri.AttachResponse;
import io.crema.server.cri.CheckpointContainerRequest;
import io.crema.server.cri.CheckpointContainerResponse;
import io.crema.server.cri.CheckpointPodRequest;
import io.crema.server.cri.CheckpointPodResponse;
import io.crema.server.cri.ContainerEventResponse;
import io.crema.server.cri.ContainerStatsRequest;
import io.crema.server.cri.ContainerStatsResponse;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.ContainerStatusResponse;
import io.crema.server.cri.CreateContainerRequest;
import io.crema.server.cri.CreateContainerResponse;
import io.crema.server.cri.ExecRequest;
import io.crema.server.cri.ExecResponse;
import io.crema.server.cri.ExecSyncRequest;
import io.crema.server.cri.ExecSyncResponse;
import io.crema.server.cri.GetEventsRequest;
import io.crema.server.cri.ListContainerStatsRequest;
import io.crema.server.cri.ListContainerStatsResponse;
import io.crema.server.cri.ListContainersRequest;
import io.crema.server.cri.ListContainersResponse;
import io.crema.server.cri.ListMetricDescriptorsRequest;
import io.crema.server.cri.ListMetricDescriptorsResponse;
import io.crema.server.cri.ListPodSandboxMetricsRequest;
import io.crema.server.cri.ListPodSandboxMetricsResponse;
import io.crema.server.cri.ListPodSandboxRequest;
import io.crema.server.cri.ListPodSandboxResponse;
import io.crema.server.cri.ListPodSandboxStatsRequest;
import io.crema.server.cri.ListPodSandboxStatsResponse;
import io.crema.server.cri.PodSandboxStatsRequest;
import io.crema.server.cri.PodSandboxStatsResponse;
import io.crema.server.cri.PodSandboxStatusRequest;
import io.crema.server.cri.PodSandboxStatusResponse;
import io.crema.server.cri.PortForwardRequest;
import io.crema.server.cri.PortForwardResponse;
import io.crema.server.cri.RemoveContainerRequest;
import io.crema.server.cri.RemoveContainerResponse;
import io.crema.server.cri.RemovePodSandboxRequest;
import io.crema.server.cri.RemovePodSandboxResponse;
import io.crema.server.cri.ReopenContainerLogRequest;
import io.crema.server.cri.ReopenContainerLogResponse;
import io.crema.server.cri.RestorePodRequest;
import io.crema.server.cri.RestorePodResponse;
import io.crema.server.cri.RunPodSandboxRequest;
import io.crema.server.cri.RunPodSandboxResponse;
import io.crema.server.cri.RuntimeConfigRequest;
import io.crema.server.cri.RuntimeConfigResponse;
import io.crema.server.cri.RuntimeServiceGrpc;
import io.crema.server.cri.StartContainerRequest;
import io.crema.server.cri.StartContainerResponse;
import io.crema.server.cri.StatusRequest;
import io.crema.server.cri.StatusResponse;
import io.crema.server.cri.StopContainerRequest;
import io.crema.server.cri.StopContainerResponse;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.cri.StopPodSandboxResponse;
import io.crema.server.cri.StreamContainerStatsRequest;
import io.crema.server.cri.StreamContainerStatsResponse;
import io.crema.server.cri.StreamContainersRequest;
import io.crema.server.cri.StreamContainersResponse;
import io.crema.server.cri.StreamPodSandboxMetricsRequest;
import io.crema.server.cri.StreamPodSandboxMetricsResponse;
import io.crema.server.cri.StreamPodSandboxStatsRequest;
import io.crema.server.cri.StreamPodSandboxStatsResponse;
import io.crema.server.cri.StreamPodSandboxesRequest;
import io.crema.server.cri.StreamPodSandboxesResponse;
import io.crema.server.cri.UpdateContainerResourcesRequest;
import io.crema.server.cri.UpdateContainerResourcesResponse;
import io.crema.server.cri.UpdatePodSandboxResourcesRequest;
import io.crema.server.cri.UpdatePodSandboxResourcesResponse;
import io.crema.server.cri.UpdateRuntimeConfigRequest;
import io.crema.server.cri.UpdateRuntimeConfigResponse;
import io.crema.server.cri.VersionRequest;
import io.crema.server.cri.VersionResponse;
import io.crema.server.streaming.StreamingServer;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** CRI RuntimeService: dispatches each RPC to what serves it. */
public final class RuntimeGrpc extends RuntimeServiceGrpc.RuntimeServiceImplBase
    implements AutoCloseable {
  private final PodRuntime runtime;
  private final RuntimeInfo info;
  private final PodCalls pods;
  private final ContainerCalls containers;
  private final ExecSync exec;
  private final StreamCalls streams;
  private final StatsCalls stats;
  private final ContainerEvents events;
  private final MetricsCalls metrics;
  private final Checkpoints checkpoints;

  /** Serves {@code runtime}; it and {@code streaming} stay the caller's to close. */
  public RuntimeGrpc(PodRuntime runtime, RuntimeInfo info, StreamingServer streaming) {
    this.runtime = runtime;
    this.info = info;
    this.pods = new PodCalls(runtime);
    this.containers = new ContainerCalls(runtime);
    this.exec = new ExecSync(runtime);
    this.streams = new StreamCalls(runtime, streaming);
    this.stats = new StatsCalls(runtime);
    this.events = new ContainerEvents(runtime);
    this.metrics = new MetricsCalls(runtime);
    this.checkpoints = new Checkpoints(runtime);
  }

  @Override
  public void version(VersionRequest request, StreamObserver<VersionResponse> out) {
    Serving.unary("Version", out, () -> info.version());
  }

  @Override
  public void runPodSandbox(
      RunPodSandboxRequest request, StreamObserver<RunPodSandboxResponse> out) {
    Serving.unary("RunPodSandbox", out, () -> pods.run(request));
  }

  @Override
  public void stopPodSandbox(
      StopPodSandboxRequest request, StreamObserver<StopPodSandboxResponse> out) {
    Serving.unary("StopPodSandbox", out, () -> pods.stop(request));
  }

  @Override
  public void removePodSandbox(
      RemovePodSandboxRequest request, StreamObserver<RemovePodSandboxResponse> out) {
    Serving.unary("RemovePodSandbox", out, () -> pods.remove(request));
  }

  @Override
  public void podSandboxStatus(
      PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> out) {
    Serving.unary("PodSandboxStatus", out, () -> pods.status(request));
  }

  @Override
  public void listPodSandbox(
      ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> out) {
    Serving.unary("ListPodSandbox", out, () -> pods.list(request.getFilter()));
  }

  @Override
  public void streamPodSandboxes(
      StreamPodSandboxesRequest request, StreamObserver<StreamPodSandboxesResponse> out) {
    Serving.stream(
        "StreamPodSandboxes",
        out,
        o ->
            Pieces.send(
                pods.items(request.getFilter()),
                items -> StreamPodSandboxesResponse.newBuilder().addAllPodSandboxes(items).build(),
                o));
  }

  @Override
  public void createContainer(
      CreateContainerRequest request, StreamObserver<CreateContainerResponse> out) {
    Serving.unary("CreateContainer", out, () -> containers.create(request));
  }

  @Override
  public void startContainer(
      StartContainerRequest request, StreamObserver<StartContainerResponse> out) {
    Serving.unary("StartContainer", out, () -> containers.start(request));
  }

  @Override
  public void stopContainer(
      StopContainerRequest request, StreamObserver<StopContainerResponse> out) {
    Serving.unary("StopContainer", out, () -> containers.stop(request));
  }

  @Override
  public void removeContainer(
      RemoveContainerRequest request, StreamObserver<RemoveContainerResponse> out) {
    Serving.unary("RemoveContainer", out, () -> containers.remove(request));
  }

  @Override
  public void listContainers(
      ListContainersRequest request, StreamObserver<ListContainersResponse> out) {
    Serving.unary("ListContainers", out, () -> containers.list(request.getFilter()));
  }

  @Override
  public void streamContainers(
      StreamContainersRequest request, StreamObserver<StreamContainersResponse> out) {
    Serving.stream(
        "StreamContainers",
        out,
        o ->
            Pieces.send(
                containers.items(request.getFilter()),
                items -> StreamContainersResponse.newBuilder().addAllContainers(items).build(),
                o));
  }

  @Override
  public void containerStatus(
      ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> out) {
    Serving.unary("ContainerStatus", out, () -> containers.status(request));
  }

  @Override
  public void updateContainerResources(
      UpdateContainerResourcesRequest request,
      StreamObserver<UpdateContainerResourcesResponse> out) {
    Serving.unary("UpdateContainerResources", out, () -> containers.update(request));
  }

  @Override
  public void reopenContainerLog(
      ReopenContainerLogRequest request, StreamObserver<ReopenContainerLogResponse> out) {
    Serving.unary("ReopenContainerLog", out, () -> containers.reopenLog(request));
  }

  @Override
  public void execSync(ExecSyncRequest request, StreamObserver<ExecSyncResponse> out) {
    Serving.unary("ExecSync", out, () -> exec.exec(request));
  }

  @Override
  public void exec(ExecRequest request, StreamObserver<ExecResponse> out) {
    Serving.unary("Exec", out, () -> streams.exec(request));
  }

  @Override
  public void attach(AttachRequest request, StreamObserver<AttachResponse> out) {
    Serving.unary("Attach", out, () -> streams.attach(request));
  }

  @Override
  public void portForward(PortForwardRequest request, StreamObserver<PortForwardResponse> out) {
    Serving.unary("PortForward", out, () -> streams.portForward(request));
  }

  @Override
  public void containerStats(
      ContainerStatsRequest request, StreamObserver<ContainerStatsResponse> out) {
    Serving.unary("ContainerStats", out, () -> stats.container(request));
  }

  @Override
  public void listContainerStats(
      ListContainerStatsRequest request, StreamObserver<ListContainerStatsResponse> out) {
    Serving.unary("ListContainerStats", out, () -> stats.list(request.getFilter()));
  }

  @Override
  public void streamContainerStats(
      StreamContainerStatsRequest request, StreamObserver<StreamContainerStatsResponse> out) {
    Serving.stream(
        "StreamContainerStats",
        out,
        o ->
            Pieces.send(
                stats.items(request.getFilter()),
                items ->
                    StreamContainerStatsResponse.newBuilder().addAllContainerStats(items).build(),
                o));
  }

  @Override
  public void podSandboxStats(
      PodSandboxStatsRequest request, StreamObserver<PodSandboxStatsResponse> out) {
    Serving.unary("PodSandboxStats", out, () -> stats.pod(request));
  }

  @Override
  public void listPodSandboxStats(
      ListPodSandboxStatsRequest request, StreamObserver<ListPodSandboxStatsResponse> out) {
    Serving.unary("ListPodSandboxStats", out, () -> stats.list(request.getFilter()));
  }

  @Override
  public void streamPodSandboxStats(
      StreamPodSandboxStatsRequest request, StreamObserver<StreamPodSandboxStatsResponse> out) {
    Serving.stream(
        "StreamPodSandboxStats",
        out,
        o ->
            Pieces.send(
                stats.items(request.getFilter()),
                items ->
                    StreamPodSandboxStatsResponse.newBuilder().addAllPodSandboxStats(items).build(),
                o));
  }

  @Override
  public void updateRuntimeConfig(
      UpdateRuntimeConfigRequest request, StreamObserver<UpdateRuntimeConfigResponse> out) {
    Serving.unary("UpdateRuntimeConfig", out, () -> update(request));
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> out) {
    Serving.unary("Status", out, () -> info.status(request));
  }

  @Override
  public void checkpointContainer(
      CheckpointContainerRequest request, StreamObserver<CheckpointContainerResponse> out) {
    Serving.unary("CheckpointContainer", out, () -> checkpoints.container(request));
  }

  @Override
  public void checkpointPod(
      CheckpointPodRequest request, StreamObserver<CheckpointPodResponse> out) {
    Serving.unary("CheckpointPod", out, () -> checkpoints.pod(request));
  }

  @Override
  public void restorePod(RestorePodRequest request, StreamObserver<RestorePodResponse> out) {
    Serving.unary("RestorePod", out, () -> checkpoints.restore(request));
  }

  @Override
  public void getContainerEvents(
      GetEventsRequest request, StreamObserver<ContainerEventResponse> out) {
    if (out instanceof ServerCallStreamObserver<ContainerEventResponse> call) {
      events.subscribe(call);
    } else {
      throw new IllegalStateException("not called by a server: " + out);
    }
  }

  @Override
  public void listMetricDescriptors(
      ListMetricDescriptorsRequest request, StreamObserver<ListMetricDescriptorsResponse> out) {
    Serving.unary("ListMetricDescriptors", out, metrics::descriptors);
  }

  @Override
  public void listPodSandboxMetrics(
      ListPodSandboxMetricsRequest request, StreamObserver<ListPodSandboxMetricsResponse> out) {
    Serving.unary("ListPodSandboxMetrics", out, metrics::list);
  }

  @Override
  public void streamPodSandboxMetrics(
      StreamPodSandboxMetricsRequest request, StreamObserver<StreamPodSandboxMetricsResponse> out) {
    Serving.stream(
        "StreamPodSandboxMetrics",
        out,
        o ->
            Pieces.send(
                metrics.items(),
                items ->
                    StreamPodSandboxMetricsResponse.newBuilder()
                        .addAllPodSandboxMetrics(items)
                        .build(),
                o));
  }

  @Override
  public void runtimeConfig(
      RuntimeConfigRequest request, StreamObserver<RuntimeConfigResponse> out) {
    Serving.unary("RuntimeConfig", out, () -> info.runtimeConfig());
  }

  @Override
  public void updatePodSandboxResources(
      UpdatePodSandboxResourcesRequest request,
      StreamObserver<UpdatePodSandboxResourcesResponse> out) {
    Serving.unary("UpdatePodSandboxResources", out, () -> pods.update(request));
  }

  /** Ends the streams that would never end by themselves. */
  @Override
  public void close() {
    events.close();
  }

  /** The kubelet sends the node's pod CIDRs; an empty one means that it has none yet. */
  private UpdateRuntimeConfigResponse update(UpdateRuntimeConfigRequest request)
      throws SandboxException {
    String cidrs = request.getRuntimeConfig().getNetworkConfig().getPodCidr();
    if (!cidrs.isEmpty()) {
      runtime.updatePodCidr(cidrs);
    }
    return UpdateRuntimeConfigResponse.getDefaultInstance();
  }
}
