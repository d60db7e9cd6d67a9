package io.crema.runtime.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The device program as the kernel's verifier and the kernel take it, in a real v2 group. */
@Tag("node")
class DeviceProgramNodeTest {
  private final KernelCgroupFiles files = new KernelCgroupFiles();
  private Path group = Path.of("/");

  @BeforeEach
  void make() throws IOException {
    Path v2 = CgroupMounts.read(Path.of("/")).v2();
    assumeTrue(v2 != null, "this host has no cgroup2 mounted");
    group = java.util.Objects.requireNonNull(v2).resolve("crema-test-" + UUID.randomUUID());
    files.makeDirectory(group);
  }

  @AfterEach
  void remove() throws IOException {
    files.removeDirectory(group);
  }

  private void attach(List<DeviceRule> rules) throws IOException {
    files.attachDeviceProgram(group, DeviceProgram.of(DeviceAccess.of(rules)));
  }

  /** What a shell in the group prints. */
  private String run(String script) throws Exception {
    Process p =
        new ProcessBuilder(
                "sh", "-c", "echo $$ > \"$0/cgroup.procs\"; exec 2>&1; " + script, group.toString())
            .redirectErrorStream(true)
            .start();
    String out =
        new String(p.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    p.waitFor();
    return out.strip();
  }

  @Test
  void theKernelDecidesAsTheRulesSay() throws Exception {
    attach(DeviceRule.DEFAULT);
    assertThat(run("head -c 1 /dev/zero | od -An -tx1; echo x > /dev/null && echo written"))
        .isEqualTo("00\nwritten");
    assertThat(run("head -c 1 /dev/kmsg")).contains("Operation not permitted");
  }

  @Test
  void aLaterProgramTakesThePlaceOfTheFormer() throws Exception {
    attach(DeviceRule.DEFAULT);
    List<DeviceRule> none = List.of(DeviceRule.DEFAULT.getFirst());
    attach(none);
    assertThat(run("echo x > /dev/full")).contains("Operation not permitted");
    attach(DeviceRule.EVERYTHING);
    assertThat(run("echo x > /dev/null && echo written")).isEqualTo("written");
    List<DeviceRule> fewer = new ArrayList<>(DeviceRule.EVERYTHING);
    fewer.add(new DeviceRule(false, DeviceRule.Type.CHARACTER, 1, null, "w"));
    attach(fewer);
    assertThat(run("head -c 1 /dev/zero | od -An -tx1")).isEqualTo("00");
    assertThat(run("echo x > /dev/null")).contains("Operation not permitted");
  }

  @Test
  void aLongListIsTakenToo() throws Exception {
    List<DeviceRule> rules = new ArrayList<>(DeviceRule.DEFAULT);
    for (int minor = 0; minor < 400; minor++) {
      rules.add(DeviceRule.allow(DeviceRule.Type.BLOCK, 300, minor, minor % 2 == 0 ? "r" : "rw"));
    }
    attach(rules);
    assertThat(run("echo x > /dev/null && echo written")).isEqualTo("written");
  }
}
