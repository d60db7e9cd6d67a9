package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import io.crema.server.cri.ContainerEventResponse;
import io.crema.server.cri.ContainerEventType;
import io.crema.server.cri.GetEventsRequest;
import io.crema.server.daemon.CriClient;
import io.crema.server.daemon.CriSocket;
import io.crema.server.log.Logging;
import io.crema.server.streaming.StreamingConfig;
import io.crema.server.streaming.StreamingServer;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** GetContainerEvents over a socket; the events are put in by hand. */
@Timeout(60)
class ContainerEventsTest {
  @TempDir Path directory;
  private final FakeRuntime fake = new FakeRuntime();
  private StreamingServer streaming;
  private RuntimeGrpc grpc;
  private CriSocket socket;
  private CriClient client;

  @BeforeAll
  static void quietNetty() {
    Logging.setUp("error");
  }

  @BeforeEach
  void serve() throws Exception {
    Path address = directory.resolve("crema.sock");
    streaming = StreamingServer.open(fake, StreamingConfig.DEFAULT);
    grpc = new RuntimeGrpc(fake, new RuntimeInfo(fake, "1", Map.of()), streaming);
    socket = CriSocket.open(address, List.of(grpc));
    client = CriClient.connect(address);
  }

  @AfterEach
  void stop() {
    grpc.close();
    client.close();
    socket.close();
    streaming.close();
  }

  private static void await(BooleanSupplier so) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not so in 20 s").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static ContainerEvent event(int number) {
    return new ContainerEvent(ContainerEvent.Kind.STOPPED, "c" + number, number, null, List.of());
  }

  private Iterator<ContainerEventResponse> subscribe() {
    int before = fake.subscribers.size();
    var events = client.runtime().getContainerEvents(GetEventsRequest.getDefaultInstance());
    await(() -> fake.subscribers.size() == before + 1);
    return events;
  }

  @Test
  void everySubscriberGetsTheEventsInOrder() {
    var one = subscribe();
    var two = subscribe();
    for (var subscriber : fake.subscribers) {
      subscriber.queue.add(event(1));
      subscriber.queue.add(event(2));
    }
    for (var events : List.of(one, two)) {
      var first = events.next();
      assertThat(first.getContainerId()).isEqualTo("c1");
      assertThat(first.getContainerEventType())
          .isEqualTo(ContainerEventType.CONTAINER_STOPPED_EVENT);
      assertThat(first.getCreatedAt()).isEqualTo(1);
      assertThat(first.hasPodSandboxStatus()).isFalse();
      assertThat(events.next().getContainerId()).isEqualTo("c2");
    }
  }

  @Test
  void aSubscriberThatLostEventsIsTold() {
    var events = subscribe();
    fake.subscribers
        .getFirst()
        .queue
        .add(new SandboxException(SandboxException.Code.RESOURCE_EXHAUSTED, "events were lost"));
    assertThatThrownBy(events::next)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
              assertThat(e.getStatus().getDescription()).isEqualTo("events were lost");
            });
  }

  @Test
  void aSubscriberThatDoesNotReadIsNotBufferedFor() {
    var unread = subscribe();
    var queue = fake.subscribers.getFirst().queue;
    String large = "x".repeat(1 << 16);
    int sent = 2000; // 128 MiB, far more than the windows of the transport hold
    for (int i = 0; i < sent; i++) {
      queue.add(new ContainerEvent(ContainerEvent.Kind.CREATED, large, i, null, List.of()));
    }
    assertThat(unread.next().getContainerId()).isEqualTo(large);
    assertThat(queue.size()).as("events that wait where they are counted").isGreaterThan(sent / 2);
    for (int i = 1; i < sent; i++) {
      assertThat(unread.next().getCreatedAt()).isEqualTo(i);
    }
  }

  @Test
  void aSubscriptionEndsWithItsClientsCall() {
    try (Context.CancellableContext call = Context.current().withCancellation()) {
      call.run(() -> subscribe());
    }
    await(fake.subscribers::isEmpty);
  }

  @Test
  void aDaemonThatStopsEndsTheStreamsAtOnce() {
    var events = subscribe();
    grpc.close();
    assertThatThrownBy(events::next)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    long began = System.nanoTime();
    socket.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
  }
}
