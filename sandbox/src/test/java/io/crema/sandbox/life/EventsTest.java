package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerEvent;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventsTest {
  private static ContainerEvent event(int number) {
    return new ContainerEvent(ContainerEvent.Kind.CREATED, "c" + number, number, null, List.of());
  }

  @Test
  void subscribersGetWhatHappensAfterTheySubscribed() throws Exception {
    Events events = new Events();
    events.publish(event(0));
    try (var one = events.subscribe();
        var two = events.subscribe()) {
      events.publish(event(1));
      events.publish(event(2));
      assertThat(one.take().at()).isEqualTo(1);
      assertThat(one.take().at()).isEqualTo(2);
      assertThat(two.take().at()).isEqualTo(1);
    }
  }

  @Test
  void aSlowSubscriberIsCutOffAndTheOthersAreNot() throws Exception {
    Events events = new Events(2);
    try (var slow = events.subscribe();
        var quick = events.subscribe()) {
      for (int i = 1; i <= 3; i++) {
        events.publish(event(i));
        assertThat(quick.take().at()).isEqualTo(i);
      }
      assertThatThrownBy(slow::take)
          .isInstanceOfSatisfying(
              SandboxException.class,
              e -> {
                assertThat(e.code()).isEqualTo(SandboxException.Code.RESOURCE_EXHAUSTED);
                assertThat(e).hasMessageContaining("more than 2 events behind");
              });
      events.publish(event(4));
      assertThat(quick.take().at()).isEqualTo(4);
    }
  }

  @Test
  void closingEndsATakeThatWaits() throws Exception {
    Events events = new Events();
    var subscription = events.subscribe();
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            subscription.take();
          } catch (SandboxException | InterruptedException e) {
            end.complete(e);
          }
        });
    subscription.close();
    assertThat(end.get(10, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.code()).isEqualTo(SandboxException.Code.CANCELLED));
  }
}
