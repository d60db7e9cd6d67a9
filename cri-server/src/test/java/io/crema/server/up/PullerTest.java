package io.crema.server.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.image.ProgressListener;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PullerTest {
  @ParameterizedTest
  @CsvSource({
    "nginx, Always",
    "nginx:latest, Always",
    "nginx:1.27, IfNotPresent",
    "127.0.0.1:5000/nginx, Always",
    "127.0.0.1:5000/nginx:1, IfNotPresent",
    "nginx@sha256:abc, IfNotPresent"
  })
  void pullPolicyDefaultsAsTheApiServerDoesIt(String image, String policy) {
    assertThat(Puller.policy(new ContainerBuilder().withImage(image).build())).isEqualTo(policy);
  }

  @Test
  void theBarShowsBytesAndLayers() {
    PrintStream stream = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    PullBar bar = new PullBar(new Screen(stream, stream, true), "nginx:1");
    bar.on(new ProgressListener.Resolved("sha256:x", 2, 4 << 20));
    bar.on(
        new ProgressListener.LayerProgress(
            0, "sha256:a", ProgressListener.Phase.DONE, 1 << 20, 1 << 20));
    bar.on(
        new ProgressListener.LayerProgress(
            1, "sha256:b", ProgressListener.Phase.DOWNLOADING, 1 << 20, 3 << 20));
    assertThat(bar.render())
        .isEqualTo("nginx:1 [===============               ] 2.0 MiB of 4.0 MiB, 1 of 2 layers");
  }
}
