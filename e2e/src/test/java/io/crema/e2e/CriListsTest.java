package io.crema.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.server.cri.Container;
import io.crema.server.cri.ContainerFilter;
import io.crema.server.cri.ContainerState;
import io.crema.server.cri.ContainerStateValue;
import io.crema.server.cri.ListContainersRequest;
import io.crema.server.cri.ListPodSandboxRequest;
import io.crema.server.cri.ListPodSandboxStatsRequest;
import io.crema.server.cri.PodSandbox;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxFilter;
import io.crema.server.cri.PodSandboxState;
import io.crema.server.cri.PodSandboxStateValue;
import io.crema.server.cri.PodSandboxStatsFilter;
import io.crema.server.cri.StopPodSandboxRequest;
import io.crema.server.cri.StreamContainerStatsRequest;
import io.crema.server.cri.StreamContainersRequest;
import io.crema.server.cri.StreamImagesRequest;
import io.crema.server.cri.StreamPodSandboxStatsRequest;
import io.crema.server.cri.StreamPodSandboxesRequest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What lists have, with filters and without, at once and in pieces. */
@InNode
@Timeout(120)
class CriListsTest {
  private final CriPods pods;
  private String ready = "";
  private String stopped = "";
  private String running = "";
  private String created = "";

  CriListsTest(Daemon daemon) {
    pods = new CriPods(daemon.socket());
  }

  @BeforeEach
  void twoPodsAndTwoContainers() {
    pods.pull(CriPods.BUSYBOX);
    PodSandboxConfig one = CriPods.podConfig("one").putLabels("app", "one").build();
    ready = pods.run(one);
    running =
        pods.start(
            pods.create(
                ready,
                one,
                CriPods.containerConfig("a", "sleep", "3600").putLabels("c", "a").build()));
    created = pods.create(ready, one, CriPods.containerConfig("b", "sleep", "3600").build());
    stopped = pods.run(CriPods.podConfig("two").build());
    var _ =
        pods.runtime()
            .stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(stopped).build());
  }

  @AfterEach
  void close() {
    pods.close();
  }

  private List<String> sandboxes(PodSandboxFilter.Builder filter) {
    return pods
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.newBuilder().setFilter(filter).build())
        .getItemsList()
        .stream()
        .map(PodSandbox::getId)
        .toList();
  }

  private List<String> containers(ContainerFilter.Builder filter) {
    return pods
        .runtime()
        .listContainers(ListContainersRequest.newBuilder().setFilter(filter).build())
        .getContainersList()
        .stream()
        .map(Container::getId)
        .toList();
  }

  private List<String> podStats(PodSandboxStatsFilter.Builder filter) {
    return pods
        .runtime()
        .listPodSandboxStats(ListPodSandboxStatsRequest.newBuilder().setFilter(filter).build())
        .getStatsList()
        .stream()
        .map(s -> s.getAttributes().getId())
        .toList();
  }

  private static PodSandboxStateValue.Builder pod(PodSandboxState state) {
    return PodSandboxStateValue.newBuilder().setState(state);
  }

  private static ContainerStateValue.Builder container(ContainerState state) {
    return ContainerStateValue.newBuilder().setState(state);
  }

  @Test
  void filtersChoose() {
    assertThat(sandboxes(PodSandboxFilter.newBuilder())).containsExactlyInAnyOrder(ready, stopped);
    assertThat(sandboxes(PodSandboxFilter.newBuilder().setId(ready.substring(0, 20))))
        .containsExactly(ready);
    assertThat(
            sandboxes(PodSandboxFilter.newBuilder().setState(pod(PodSandboxState.SANDBOX_READY))))
        .containsExactly(ready);
    assertThat(
            sandboxes(
                PodSandboxFilter.newBuilder().setState(pod(PodSandboxState.SANDBOX_NOTREADY))))
        .containsExactly(stopped);
    assertThat(sandboxes(PodSandboxFilter.newBuilder().putLabelSelector("app", "one")))
        .containsExactly(ready);
    assertThat(sandboxes(PodSandboxFilter.newBuilder().putLabelSelector("app", "two"))).isEmpty();

    assertThat(containers(ContainerFilter.newBuilder().setPodSandboxId(ready)))
        .as("the youngest first")
        .containsExactly(created, running);
    assertThat(containers(ContainerFilter.newBuilder().setId(created))).containsExactly(created);
    assertThat(containers(ContainerFilter.newBuilder().setId(created).setPodSandboxId(stopped)))
        .isEmpty();
    assertThat(
            containers(
                ContainerFilter.newBuilder().setState(container(ContainerState.CONTAINER_RUNNING))))
        .containsExactly(running);
    assertThat(containers(ContainerFilter.newBuilder().putLabelSelector("c", "a")))
        .containsExactly(running);

    assertThat(podStats(PodSandboxStatsFilter.newBuilder().setId(ready))).containsExactly(ready);
    assertThat(podStats(PodSandboxStatsFilter.newBuilder().setId(stopped))).isEmpty();
    assertThat(podStats(PodSandboxStatsFilter.newBuilder().putLabelSelector("app", "one")))
        .containsExactly(ready);
  }

  @Test
  void everyListCanBeStreamed() {
    List<String> ids = new ArrayList<>();
    pods.runtime()
        .streamPodSandboxes(
            StreamPodSandboxesRequest.newBuilder()
                .setFilter(PodSandboxFilter.newBuilder().setId(ready))
                .build())
        .forEachRemaining(p -> p.getPodSandboxesList().forEach(s -> ids.add(s.getId())));
    assertThat(ids).containsExactly(ready);
    ids.clear();
    pods.runtime()
        .streamContainers(
            StreamContainersRequest.newBuilder()
                .setFilter(ContainerFilter.newBuilder().setId(running))
                .build())
        .forEachRemaining(p -> p.getContainersList().forEach(c -> ids.add(c.getId())));
    assertThat(ids).containsExactly(running);
    ids.clear();
    pods.runtime()
        .streamContainerStats(StreamContainerStatsRequest.getDefaultInstance())
        .forEachRemaining(
            p -> p.getContainerStatsList().forEach(s -> ids.add(s.getAttributes().getId())));
    assertThat(ids).containsExactly(running);
    ids.clear();
    pods.runtime()
        .streamPodSandboxStats(
            StreamPodSandboxStatsRequest.newBuilder()
                .setFilter(PodSandboxStatsFilter.newBuilder().setId(ready))
                .build())
        .forEachRemaining(
            p -> p.getPodSandboxStatsList().forEach(s -> ids.add(s.getAttributes().getId())));
    assertThat(ids).containsExactly(ready);
    ids.clear();
    pods.images()
        .streamImages(StreamImagesRequest.getDefaultInstance())
        .forEachRemaining(p -> p.getImagesList().forEach(i -> ids.addAll(i.getRepoTagsList())));
    assertThat(ids).contains(CriPods.BUSYBOX);
  }
}
