package io.crema.sandbox.cdi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CdiRegistryTest {
  private static final String YAML =
      """
      cdiVersion: 0.6.0
      kind: vendor.com/gpu
      containerEdits:
        env: [COMMON=1]
      devices:
        - name: zero
          containerEdits:
            env: ["GPU=0"]
            deviceNodes:
              - path: /dev/gpu0
                hostPath: /dev/zero
                permissions: rw
            mounts:
              - hostPath: /usr/lib/gpu
                containerPath: /usr/lib/gpu
                options: [ro, nosuid, rbind]
            additionalGids: [44]
        - name: one
          containerEdits:
            env: ["GPU=1"]
      """;

  @TempDir Path etc;
  @TempDir Path run;
  private CdiRegistry registry = new CdiRegistry(List.of());

  @BeforeEach
  void directories() {
    registry = new CdiRegistry(List.of(etc, run, etc.resolve("absent")));
  }

  private static void put(Path directory, String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private void assertRefused(String device, String... words) {
    assertThatThrownBy(() -> registry.resolve(List.of(device)))
        .isInstanceOf(CdiException.class)
        .hasMessageContaining(device)
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }

  @Test
  void aDeviceBringsItsOwnEditsAndThoseOfItsFileOnce() throws Exception {
    put(etc, "gpu.yaml", YAML);
    CdiEdits edits = registry.resolve(List.of("vendor.com/gpu=zero", "vendor.com/gpu=one"));
    assertThat(edits.env()).containsExactly("COMMON=1", "GPU=0", "GPU=1");
    assertThat(edits.nodes())
        .containsExactly(
            new CdiEdits.Node("/dev/gpu0", "/dev/zero", "", null, null, null, "rw", null, null));
    assertThat(edits.mounts())
        .containsExactly(
            new CdiEdits.Mount("/usr/lib/gpu", "/usr/lib/gpu", List.of("ro", "nosuid", "rbind")));
    assertThat(edits.groups()).containsExactly(44L);
  }

  @Test
  void jsonIsReadAsWell() throws Exception {
    put(
        run,
        "x.json",
        """
        {"cdiVersion": "1.0.0", "kind": "vendor.com/net",
         "devices": [{"name": "a", "containerEdits": {"deviceNodes": [
            {"path": "/dev/n", "type": "c", "major": 10, "minor": 200, "fileMode": 432, "uid": 5}]}}]}
        """);
    assertThat(registry.resolve(List.of("vendor.com/net=a")).nodes())
        .containsExactly(
            new CdiEdits.Node("/dev/n", "/dev/n", "c", 10, 200, 0660, "rwm", 5L, null));
  }

  @Test
  void theLaterDirectoryWins() throws Exception {
    put(etc, "gpu.yaml", YAML);
    put(run, "gpu.yaml", YAML.replace("GPU=1", "GPU=new"));
    assertThat(registry.resolve(List.of("vendor.com/gpu=one")).env()).contains("GPU=new");
  }

  @Test
  void aDeviceInTwoFilesOfOneDirectoryIsNobodys() throws Exception {
    put(etc, "a.yaml", YAML);
    put(etc, "b.yaml", YAML);
    assertRefused("vendor.com/gpu=one", "several files", "a.yaml", "b.yaml");
  }

  @Test
  void aMissingDeviceIsToldWithTheFilesThatCouldNotBeUsed() throws Exception {
    put(etc, "gpu.yaml", YAML);
    put(etc, "bad.json", "{");
    assertRefused("vendor.com/gpu=three", "there is none in", "bad.json");
    assertThat(registry.resolve(List.of("vendor.com/gpu=one")).env()).contains("GPU=1");
  }

  @Test
  void hooksAreRefusedWithTheirNamesAndTheFile() throws Exception {
    put(
        etc,
        "h.yaml",
        """
        cdiVersion: 0.5.0
        kind: vendor.com/hooked
        devices:
          - name: a
            containerEdits:
              hooks:
                - {hookName: createContainer, path: /usr/bin/ctk, args: [ctk]}
        """);
    assertRefused("vendor.com/hooked=a", "h.yaml", "OCI hooks", "createContainer /usr/bin/ctk");
  }

  @Test
  void whatCremaCanNotDoIsRefusedByName() throws Exception {
    put(
        etc,
        "r.yaml",
        """
        cdiVersion: 0.7.0
        kind: vendor.com/rdt
        containerEdits:
          intelRdt: {closID: x}
        devices: [{name: a, containerEdits: {}}]
        """);
    assertRefused("vendor.com/rdt=a", "r.yaml", "intelRdt");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cdiVersion: 0.6.0 | cdiVersion: 9.9.9 | none of the versions",
        "kind: vendor.com/gpu | kind: gpu | no vendor/class",
        "name: one | name: zero | is there twice",
        "GPU=1 | GPU | no NAME=value",
        "path: /dev/gpu0 | path: dev/gpu0 | is not absolute",
        "permissions: rw | permissions: rx | not of r, w and m",
        "permissions: rw | hugepages: yes | unknown field hugepages",
        "options: [ro, nosuid, rbind] | options: [sync] | option \"sync\" is not supported",
        "options: [ro, nosuid, rbind] | type: tmpfs | only bind",
        "additionalGids: [44] | additionalGids: [-1] | no number from 0",
        "additionalGids: [44] | additionalGids: 44 | must be a list",
      })
  void aFileThatIsWrongIsLeftOutAndSaysWhy(String right, String wrong, String why)
      throws Exception {
    put(etc, "gpu.yaml", YAML.replace(right, wrong));
    assertRefused("vendor.com/gpu=zero", "gpu.yaml", why);
  }

  @Test
  void aNameThatIsNoneIsRefused() {
    assertRefused("gpu", "is no vendor/class=name");
    assertRefused("vendor.com/gpu=../x", "is no vendor/class=name");
  }

  @Test
  void noFileWhateverIsInItDoesMoreThanFail() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      char[] text = YAML.toCharArray();
      for (int n = 0; n < 4; n++) {
        text[random.nextInt(text.length)] = (char) (9 + random.nextInt(118));
      }
      put(etc, "gpu.yaml", new String(text));
      try {
        registry.resolve(List.of("vendor.com/gpu=zero"));
      } catch (CdiException e) {
        assertThat(e).hasMessageContaining("vendor.com/gpu=zero");
      }
    }
  }

  @Test
  void namesComeFromTheFieldAndFromAnnotationsEachOnce() {
    assertThat(
            CdiNames.of(
                List.of("v.com/c=a"),
                Map.of("cdi.k8s.io/plugin_1", "v.com/c=b, v.com/c=a", "other/x", "v.com/c=z")))
        .containsExactly("v.com/c=a", "v.com/c=b");
  }
}
