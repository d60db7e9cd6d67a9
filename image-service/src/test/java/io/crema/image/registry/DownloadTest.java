package io.crema.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.image.model.Blob;
import io.crema.image.model.Digest;
import io.crema.image.model.PullException;
import io.crema.image.rig.Packed;
import io.crema.image.rig.TestRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DownloadTest {
  private static final byte[] CONTENT = Packed.random(1_000_000, 1);
  private static final Blob BLOB = new Blob("x", Digest.of(CONTENT), CONTENT.length);
  private static final String PATH = "/blobs/" + BLOB.digest();

  @TempDir Path directory;
  private TestRegistry mirror;
  private TestRegistry origin;
  private RegistryRig rig;

  @BeforeEach
  void open() throws Exception {
    mirror = TestRegistry.start();
    origin = TestRegistry.start();
    origin.blob(BLOB.digest(), CONTENT);
    rig = new RegistryRig(directory).hosts(mirror, origin);
  }

  @AfterEach
  void close() {
    rig.close();
    mirror.close();
    origin.close();
  }

  @Test
  void allBytesComeInOrder() throws Exception {
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
  }

  @Test
  void aBrokenConnectionIsTakenUpWhereItEnded() throws Exception {
    origin.next(PATH, TestRegistry.broken(CONTENT, 300_000), TestRegistry.broken(CONTENT, 400_000));
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
    // what was on its way may be lost with a connection, so not exactly where it broke
    assertThat(origin.requests(PATH)).hasSize(3);
    assertThat(origin.requests(PATH).get(1).header("range"))
        .matches("bytes=[12]\\d{5}-|bytes=300000-");
  }

  @Test
  void aHostThatKnowsNoRangesSendsAllAgain() throws Exception {
    origin.withoutRanges();
    origin.next(PATH, TestRegistry.broken(CONTENT, 300_000));
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
    assertThat(origin.requests(PATH)).hasSize(2);
  }

  @Test
  void aPartFromElsewhereIsNotTaken() throws Exception {
    origin.next(
        PATH,
        TestRegistry.broken(CONTENT, 300_000),
        TestRegistry.part(CONTENT, 400_000),
        TestRegistry.part(CONTENT, 200_000)); // overlaps: what is known is skipped
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
  }

  @Test
  void anotherHostGoesOnWhereAMirrorBroke() throws Exception {
    mirror.next(PATH, TestRegistry.broken(CONTENT, 300_000), TestRegistry.status(500, ""));
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
    assertThat(origin.requests(PATH).getFirst().header("range")).matches("bytes=[1-9]\\d*-");
  }

  @Test
  void aMirrorWithoutTheBlobIsPassedOver() throws Exception {
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
    assertThat(mirror.requests(PATH)).hasSize(1);
  }

  @Test
  void retriesWithoutProgressAreBounded() {
    origin.gate(r -> TestRegistry.broken(CONTENT, 0));
    assertThatThrownBy(() -> downloaded(rig))
        .isInstanceOf(PullException.RegistryUnavailable.class)
        .hasMessageStartingWith("RegistryUnavailable: blob " + BLOB.digest())
        .hasMessageContaining(mirror.url() + ": 404")
        .hasMessageContaining(origin.url());
    assertThat(origin.requests(PATH)).hasSize(3);
  }

  @Test
  void aHostThatDripsIsNotAskedForEver() {
    origin.gate(r -> TestRegistry.broken(CONTENT, 1));
    assertThatThrownBy(() -> downloaded(rig)).isInstanceOf(PullException.RegistryUnavailable.class);
    assertThat(origin.requests(PATH)).hasSize(3);
  }

  @Test
  void aStalledDownloadIsBrokenOffAndTakenUp() throws Exception {
    try (RegistryRig hasty =
        new RegistryRig(directory, Duration.ofSeconds(20), Duration.ofMillis(300))
            .hosts(mirror, origin)) {
      origin.next(PATH, origin.stalled(CONTENT, 300_000));
      assertThat(downloaded(hasty)).isEqualTo(CONTENT);
      assertThat(origin.requests(PATH)).hasSize(2);
    }
  }

  @Test
  void aDownloadThatStallsEachTimeFails() throws Exception {
    try (RegistryRig hasty =
        new RegistryRig(directory, Duration.ofSeconds(20), Duration.ofMillis(100))
            .hosts(mirror, origin)) {
      origin.gate(r -> origin.stalled(CONTENT, 0));
      assertThatThrownBy(() -> downloaded(hasty))
          .isInstanceOf(PullException.RegistryUnavailable.class)
          .hasMessageContaining("stalled: less than 102 bytes in 0.1 s");
    }
  }

  /** A slow disk is no slow network (containerd#11650). */
  @Test
  void aSlowSinkIsNotTakenForAStall() throws Exception {
    try (RegistryRig hasty =
        new RegistryRig(directory, Duration.ofSeconds(20), Duration.ofMillis(50)).hosts(origin)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      hasty
          .session()
          .download(BLOB, Set.of())
          .to(
              chunk -> {
                out.writeBytes(chunk);
                // what is tested is that time passes while nobody reads
                assertThat(
                        new CountDownLatch(1)
                            .await(200, java.util.concurrent.TimeUnit.MILLISECONDS))
                    .isFalse();
              });
      assertThat(out.toByteArray()).isEqualTo(CONTENT);
      assertThat(origin.requests(PATH)).hasSize(1);
    }
  }

  @Test
  void moreThanPromisedReachesTheSinkByOneByteAtMost() throws Exception {
    byte[] longer = Arrays.copyOf(CONTENT, CONTENT.length + 500_000);
    origin.gate(r -> TestRegistry.content("", longer));
    AtomicReference<IOException> refusal = new AtomicReference<>(new IOException("too long"));
    long[] taken = {0};
    assertThatThrownBy(
            () ->
                rig.session()
                    .download(BLOB, Set.of())
                    .to(
                        chunk -> {
                          taken[0] += chunk.length;
                          if (taken[0] > CONTENT.length) {
                            throw refusal.get();
                          }
                        }))
        .isSameAs(refusal.get());
    assertThat(taken[0]).isEqualTo(CONTENT.length + 1);
  }

  @Test
  void whatTheSinkThrowsIsNoHostsFault() {
    IOException full = new IOException("disk full");
    assertThatThrownBy(
            () ->
                rig.session()
                    .download(BLOB, Set.of())
                    .to(
                        chunk -> {
                          throw full;
                        }))
        .isSameAs(full);
    assertThat(origin.requests(PATH)).hasSize(1);
  }

  @Test
  void aDistrustedHostIsNotAskedAgain() throws Exception {
    mirror.blob(BLOB.digest(), CONTENT);
    RegistrySession session = rig.session();
    RegistrySession.Download first = session.download(BLOB, Set.of());
    first.to(chunk -> {});
    assertThat(first.senders()).containsExactly(mirror.url());
    assertThat(first.hasOther()).isTrue();
    RegistrySession.Download second = session.download(BLOB, first.senders());
    second.to(chunk -> {});
    assertThat(second.senders()).containsExactly(origin.url());
    assertThat(second.hasOther()).isFalse();
  }

  @Test
  void aRedirectIsFollowedToAnotherHost() throws Exception {
    TestRegistry store = mirror;
    store.gate(r -> r.path().equals("/store/x") ? TestRegistry.content("", CONTENT) : null);
    rig.hosts(origin);
    origin.gate(
        r ->
            r.path().endsWith(PATH)
                ? TestRegistry.status(307, "", "Location", store.url() + "/store/x?sig=secret")
                : null);
    assertThat(downloaded(rig)).isEqualTo(CONTENT);
  }

  @Test
  void redirectsInACircleAndToNowhereEnd() throws Exception {
    rig.hosts(origin);
    for (String to : List.of("/v2/team/app" + PATH, "ftp://x.example/", "http://[", "")) {
      origin.forget();
      origin.gate(
          r ->
              to.isEmpty()
                  ? TestRegistry.status(302, "")
                  : TestRegistry.status(302, "", "Location", to));
      assertThatThrownBy(() -> downloaded(rig))
          .isInstanceOf(PullException.RegistryUnavailable.class)
          .hasMessageContaining("redirect");
      assertThat(origin.requests().size()).isLessThanOrEqualTo(3 * 11);
    }
  }

  @Test
  void anInterruptEndsADownloadThatWaits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    origin.gate(
        r -> {
          asked.countDown();
          return origin.stalled(CONTENT, 1000);
        });
    AtomicReference<Throwable> end = new AtomicReference<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    rig.session().download(BLOB, Set.of()).to(chunk -> {});
                  } catch (Exception e) {
                    end.set(e);
                  }
                });
    asked.await();
    thread.interrupt();
    thread.join();
    assertThat(end.get()).isInstanceOf(InterruptedException.class);
  }

  private static byte[] downloaded(RegistryRig rig) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    rig.session().download(BLOB, Set.of()).to(out::writeBytes);
    return out.toByteArray();
  }
}
