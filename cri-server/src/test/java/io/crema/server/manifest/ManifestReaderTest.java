package io.crema.server.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ManifestReaderTest {
  private static final String HEAD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: web
      spec:
      """;

  @Test
  void severalPodsInOneFileAndAnEmptyDocument() throws Exception {
    List<PodManifest> pods =
        ManifestReader.read(
            "p.yaml",
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec:
              containers: [{name: c, image: busybox}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: b}
            spec:
              containers: [{name: c, image: busybox}]
            ---
            """);
    assertThat(pods).extracting(PodManifest::name).containsExactly("a", "b");
  }

  @Test
  void probesAreLeftOutWithAWarning() throws Exception {
    List<PodManifest> pods =
        ManifestReader.read(
            "p.yaml",
            HEAD
                + """
                  containers:
                  - name: c
                    image: busybox
                    livenessProbe: {exec: {command: ["true"]}}
                """);
    assertThat(pods.get(0).warnings())
        .containsExactly(
            "p.yaml: spec.containers[0].livenessProbe is left out: crema up runs no probes and"
                + " hooks");
  }

  static Stream<Arguments> badManifests() {
    return Stream.of(
        Arguments.of(
            "unknown field",
            HEAD + "  containers:\n  - name: c\n    imag: busybox\n",
            "p.yaml:8: spec.containers[0].imag: unknown field; did you mean 'image'?\n"
                + "p.yaml:7: spec.containers[0].image: is required"),
        Arguments.of(
            "another kind",
            "apiVersion: apps/v1\nkind: Deployment\n",
            "p.yaml:2: kind: 'Deployment' is not supported; expected Pod"),
        Arguments.of("no kind", "apiVersion: v1\n", "p.yaml:1: kind: is required; expected Pod"),
        Arguments.of(
            "another version",
            "kind: Pod\napiVersion: v2\n",
            "p.yaml:2: apiVersion: expected v1, not 'v2'"),
        Arguments.of("nothing", "", "p.yaml: holds no document; expected at least one of kind Pod"),
        Arguments.of(
            "no containers",
            HEAD + "  containers: []\n",
            "p.yaml:6: spec.containers: expected at least one container"),
        Arguments.of(
            "a word for a number",
            HEAD
                + "  containers:\n  - name: c\n    image: b\n    ports:\n"
                + "    - containerPort: http\n",
            "p.yaml:10: spec.containers[0].ports[0].containerPort: 'http' is not a whole number"),
        Arguments.of(
            "a port out of range",
            HEAD
                + "  containers:\n  - name: c\n    image: b\n    ports:\n"
                + "    - containerPort: 80\n      hostPort: 70000\n",
            "p.yaml:11: spec.containers[0].ports[0].hostPort: 70000 is no port; expected 1 to"
                + " 65535"),
        Arguments.of(
            "a host port twice",
            HEAD
                + "  containers:\n  - name: c\n    image: b\n    ports:\n"
                + "    - {containerPort: 80, hostPort: 8080}\n"
                + "    - {containerPort: 81, hostPort: 8080}\n",
            "p.yaml:11: spec.containers[0].ports[1].hostPort: 8080 is taken by"
                + " spec.containers[0].ports[0] already"),
        Arguments.of(
            "a volume that isn't supported",
            HEAD
                + "  containers: [{name: c, image: b}]\n  volumes:\n  - name: v\n"
                + "    configMap: {name: x}\n",
            "p.yaml:9: spec.volumes[0].configMap: volumes of this kind are not supported by crema"
                + " up; expected emptyDir or hostPath"),
        Arguments.of(
            "a mount of no volume",
            HEAD
                + "  containers:\n  - name: c\n    image: b\n    volumeMounts:\n"
                + "    - {name: dta, mountPath: /d}\n  volumes: [{name: data, emptyDir: {}}]\n",
            "p.yaml:10: spec.containers[0].volumeMounts[0].name: there is no volume 'dta' in"
                + " spec.volumes; did you mean 'data'?"),
        Arguments.of(
            "no policy",
            HEAD + "  restartPolicy: never\n  containers: [{name: c, image: b}]\n",
            "p.yaml:6: spec.restartPolicy: 'never' is not one of Always, OnFailure, Never; did you"
                + " mean 'Never'?"),
        Arguments.of(
            "no quantity",
            HEAD
                + "  containers:\n  - name: c\n    image: b\n    resources:\n"
                + "      limits: {memory: lots}\n",
            "p.yaml:10: spec.containers[0].resources.limits.memory: 'lots' is no quantity;"
                + " expected one as 500m, 2 or 128Mi"),
        Arguments.of(
            "a list that isn't one",
            HEAD + "  containers: busybox\n",
            "p.yaml:6: spec.containers: expected a list"),
        Arguments.of(
            "two with one name",
            HEAD + "  containers:\n  - {name: c, image: a}\n  - {name: c, image: b}\n",
            "p.yaml:8: spec.containers[1].name: 'c' is the name of another container"),
        Arguments.of(
            "a secret in the environment",
            HEAD
                + "  containers:\n  - name: c\n    image: a\n    env:\n    - name: X\n"
                + "      valueFrom: {secretKeyRef: {name: s, key: k}}\n",
            "p.yaml:11: spec.containers[0].env[0].valueFrom: only fieldRef is supported by crema"
                + " up, as there is no API server"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badManifests")
  void whatIsWrongIsToldWithFileLinePathAndWhatWasExpected(
      String description, String yaml, String message) {
    assertThatThrownBy(() -> ManifestReader.read("p.yaml", yaml))
        .isInstanceOf(ManifestException.class)
        .hasMessage(message);
  }

  @Test
  void whatIsNotYamlIsToldWithItsLine() {
    assertThatThrownBy(() -> ManifestReader.read("p.yaml", "a: b\nc: [1, 2\n"))
        .isInstanceOf(ManifestException.class)
        .hasMessageMatching("(?s)p\\.yaml:\\d+: not YAML: .*");
  }

  @Test
  void aFileThatIsMissingIsNamed() {
    assertThatThrownBy(() -> ManifestReader.read(List.of(Path.of("/nowhere/p.yaml"))))
        .hasMessage("/nowhere/p.yaml: no such file");
  }

  @Test
  void theExamplesAreGood() throws Exception {
    try (Stream<Path> files = java.nio.file.Files.list(Path.of("../examples"))) {
      List<Path> manifests =
          files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
      assertThat(ManifestReader.read(manifests)).isNotEmpty();
    }
  }
}
