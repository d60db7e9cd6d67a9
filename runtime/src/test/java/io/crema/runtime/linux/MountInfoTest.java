package io.crema.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountInfoTest {
  private static final String HOST =
      """
      2 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      22 2 0:20 / /proc rw - proc proc rw
      23 2 0:21 / /a\\040b rw master:7 - tmpfs none rw
      24 2 0:22 / /c rw shared:9 master:7 propagate_from:2 - tmpfs shared:3 rw
      25 2 0:22 / /d rw unbindable - tmpfs shared:3 rw
      """;

  @Test
  void optionalFieldsSayWhatPasses() throws IOException {
    assertThat(MountInfo.parse(HOST, 2)).isEqualTo(new MountInfo("/", true, false));
    assertThat(MountInfo.parse(HOST, 22)).isEqualTo(new MountInfo("/proc", false, false));
    assertThat(MountInfo.parse(HOST, 23)).isEqualTo(new MountInfo("/a\\040b", false, true));
    assertThat(MountInfo.parse(HOST, 24)).isEqualTo(new MountInfo("/c", true, true));
    assertThat(MountInfo.parse(HOST, 25)).isEqualTo(new MountInfo("/d", false, false));
    assertThatThrownBy(() -> MountInfo.parse(HOST, 3)).hasMessageContaining("mount 3 is not in");
  }

  @Test
  void theKernelsOwnListIsUnderstood() throws IOException {
    assertThat(MountInfo.of(Path.of("/proc")).mountPoint()).isEqualTo("/proc");
  }
}
