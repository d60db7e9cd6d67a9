package io.crema.server.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.NamespaceMode;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.SecurityProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodTranslatorTest {
  private static final String YAML =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: web
        labels: {app: shop}
      spec:
        hostname: front
        securityContext: {runAsUser: 1000, fsGroup: 2000, sysctls: [{name: net.core.somaxconn, value: "9"}]}
        volumes:
        - name: data
          emptyDir: {}
        containers:
        - name: c
          image: nginx:1
          command: ["sh", "-c", "echo $(GREETING) $$(GREETING) $(NONE)"]
          env:
          - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
          - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
          - {name: GREETING, value: "hello $(NAME)"}
          ports:
          - {containerPort: 80, hostPort: 8080}
          - {containerPort: 81, protocol: UDP}
          resources:
            limits: {cpu: 500m, memory: 128Mi}
          securityContext:
            runAsUser: 1001
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
          volumeMounts:
          - {name: data, mountPath: /data, subPath: sub, readOnly: true}
      """;

  @TempDir Path directory;
  private PodTranslator translator;
  private PodManifest manifest;

  @BeforeEach
  void translate() throws Exception {
    manifest = ManifestReader.read("p.yaml", YAML).get(0);
    PodPlace place =
        new PodPlace("uid-1", "node-1", directory.resolve("disk"), directory.resolve("mem"));
    translator = new PodTranslator(manifest, place);
  }

  @Test
  void theSandboxIsAsTheKubeletWouldAskForIt() {
    PodSandboxConfig sandbox = translator.sandbox();
    assertThat(sandbox.getMetadata().getNamespace()).isEqualTo("default");
    assertThat(sandbox.getMetadata().getUid()).isEqualTo("uid-1");
    assertThat(sandbox.getHostname()).isEqualTo("front");
    assertThat(sandbox.getLabelsMap())
        .containsEntry("app", "shop")
        .containsEntry("io.kubernetes.pod.name", "web");
    assertThat(sandbox.getPortMappings(0).getHostPort()).isEqualTo(8080);
    assertThat(sandbox.getPortMappings(1).getHostPort()).isZero();
    assertThat(sandbox.getLinux().getSysctlsMap()).containsEntry("net.core.somaxconn", "9");
    var namespaces = sandbox.getLinux().getSecurityContext().getNamespaceOptions();
    assertThat(namespaces.getPid()).isEqualTo(NamespaceMode.CONTAINER);
    assertThat(namespaces.getNetwork()).isEqualTo(NamespaceMode.POD);
  }

  @Test
  void theContainerIsAsTheKubeletWouldAskForIt() throws Exception {
    ContainerConfig container =
        translator.container(translator.containers().get(0), "sha256:abc", "10.1.1.1", 2);
    assertThat(container.getMetadata().getAttempt()).isEqualTo(2);
    assertThat(container.getImage().getImage()).isEqualTo("sha256:abc");
    assertThat(container.getImage().getUserSpecifiedImage()).isEqualTo("nginx:1");
    assertThat(container.getLogPath()).isEqualTo("c/2.log");
    assertThat(container.getCommand(2)).isEqualTo("echo hello web $(GREETING) $(NONE)");
    assertThat(container.getEnvsList())
        .extracting(env -> env.getKey() + "=" + env.getValue().toStringUtf8())
        .containsExactly("NAME=web", "IP=10.1.1.1", "APP=shop", "GREETING=hello web");
    var resources = container.getLinux().getResources();
    assertThat(resources.getCpuShares()).isEqualTo(512);
    assertThat(resources.getCpuQuota()).isEqualTo(50_000);
    assertThat(resources.getMemoryLimitInBytes()).isEqualTo(128L << 20);
    assertThat(resources.getOomScoreAdj()).isEqualTo(-997);
    var security = container.getLinux().getSecurityContext();
    assertThat(security.getRunAsUser().getValue()).isEqualTo(1001);
    assertThat(security.getNoNewPrivs()).isTrue();
    assertThat(security.getSupplementalGroupsList()).containsExactly(2000L);
    assertThat(security.getMaskedPathsList()).contains("/proc/kcore");
    assertThat(security.getSeccomp().getProfileType())
        .isEqualTo(SecurityProfile.ProfileType.RuntimeDefault);
    assertThat(security.getCapabilities().getDropCapabilitiesList()).containsExactly("ALL");
  }

  @Test
  void anEmptyDirIsMadeAndItsSubPathMounted() throws Exception {
    var mount =
        translator.container(translator.containers().get(0), "sha256:abc", "", 0).getMounts(0);
    assertThat(mount.getHostPath()).isEqualTo(directory + "/disk/volumes/data/sub");
    assertThat(Path.of(mount.getHostPath())).isDirectory();
    assertThat(mount.getReadonly()).isTrue();
    assertThat(Files.getAttribute(directory.resolve("disk/volumes/data"), "unix:gid"))
        .isEqualTo(2000);
  }
}
