package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.server.cri.ListMetricDescriptorsResponse;
import io.crema.server.cri.ListPodSandboxMetricsResponse;
import io.crema.server.cri.PodSandboxMetrics;
import io.crema.server.translate.MetricTable;
import java.util.List;

/** The RPCs for metrics. */
final class MetricsCalls {
  private final PodRuntime runtime;

  MetricsCalls(PodRuntime runtime) {
    this.runtime = runtime;
  }

  ListMetricDescriptorsResponse descriptors() {
    return ListMetricDescriptorsResponse.newBuilder()
        .addAllDescriptors(MetricTable.descriptors())
        .build();
  }

  ListPodSandboxMetricsResponse list() throws InterruptedException {
    return ListPodSandboxMetricsResponse.newBuilder().addAllPodMetrics(items()).build();
  }

  List<PodSandboxMetrics> items() throws InterruptedException {
    return runtime.metrics().stream().map(MetricTable::toProto).toList();
  }
}
