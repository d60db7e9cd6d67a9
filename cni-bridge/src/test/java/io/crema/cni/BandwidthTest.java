package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BandwidthTest {
  @ParameterizedTest
  @CsvSource({
    "10M, 10000000",
    "1Gi, 1073741824",
    "1.5k, 1500",
    "1e6, 1000000",
    "2000, 2000",
    "1500500m, 1501"
  })
  void bandwidthIsAQuantity(String text, long bits) {
    assertThat(Bandwidth.of(Map.of("kubernetes.io/ingress-bandwidth", text)).orElseThrow())
        .containsEntry("ingressRate", bits)
        .containsEntry("ingressBurst", 4294967295L)
        .doesNotContainKey("egressRate");
  }

  @ParameterizedTest
  @CsvSource({"fast", "1x", "''", "10", "2P", "-5M", "1Mi5", "1e99"})
  void unreasonableBandwidthIsRefused(String text) {
    assertThatThrownBy(() -> Bandwidth.of(Map.of("kubernetes.io/egress-bandwidth", text)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("annotation kubernetes.io/egress-bandwidth: ");
  }
}
