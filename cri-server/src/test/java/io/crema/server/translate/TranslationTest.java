package io.crema.server.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.SecurityProfile;
import io.crema.sandbox.model.SecurityProfile.Kind;
import io.crema.server.cri.ContainerConfig;
import io.crema.server.cri.ContainerMetadata;
import io.crema.server.cri.IDMapping;
import io.crema.server.cri.ImageSpec;
import io.crema.server.cri.Int64Value;
import io.crema.server.cri.LinuxContainerConfig;
import io.crema.server.cri.LinuxContainerResources;
import io.crema.server.cri.LinuxContainerSecurityContext;
import io.crema.server.cri.Mount;
import io.crema.server.cri.MountPropagation;
import io.crema.server.cri.NamespaceOption;
import io.crema.server.cri.PodSandboxConfig;
import io.crema.server.cri.PodSandboxMetadata;
import io.crema.server.cri.Signal;
import io.crema.server.cri.UserNamespace;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TranslationTest {
  private static ContainerConfig.Builder container() {
    return ContainerConfig.newBuilder()
        .setMetadata(ContainerMetadata.newBuilder().setName("c"))
        .setImage(ImageSpec.newBuilder().setImage("busybox"));
  }

  private static ContainerConfig.Builder with(Consumer<LinuxContainerSecurityContext.Builder> set) {
    LinuxContainerSecurityContext.Builder security = LinuxContainerSecurityContext.newBuilder();
    set.accept(security);
    return container().setLinux(LinuxContainerConfig.newBuilder().setSecurityContext(security));
  }

  private static ContainerConfig.Builder with(Mount.Builder mount) {
    return container().addMounts(mount.setContainerPath("/m"));
  }

  @SuppressWarnings("deprecation") // seccomp_profile_path: old clients still send it
  static Stream<Arguments> badContainers() {
    String security = "config.linux.security_context";
    return Stream.of(
        Arguments.of(container().clearMetadata(), "config.metadata: is required"),
        Arguments.of(container().clearImage(), "config.image.image: must not be empty"),
        Arguments.of(
            with(s -> s.setRunAsGroup(Int64Value.newBuilder().setValue(1))),
            security + ".run_as_group: needs run_as_user or run_as_username beside it"),
        Arguments.of(
            with(s -> s.setRunAsUser(Int64Value.newBuilder().setValue(-1))),
            security + ".run_as_user: -1 is not within 0..4294967294"),
        Arguments.of(
            with(s -> s.setSeccompProfilePath("unconfind")),
            security
                + ".seccomp_profile_path: 'unconfind' is none of runtime/default, unconfined,"
                + " localhost/NAME"),
        Arguments.of(
            with(
                s ->
                    s.setNamespaceOptions(
                        NamespaceOption.newBuilder()
                            .setPid(io.crema.server.cri.NamespaceMode.TARGET))),
            security + ".namespace_options.target_id: must not be empty"),
        Arguments.of(
            with(
                s ->
                    s.setNamespaceOptions(
                        NamespaceOption.newBuilder()
                            .setUsernsOptions(
                                UserNamespace.newBuilder()
                                    .setMode(io.crema.server.cri.NamespaceMode.CONTAINER)))),
            security
                + ".namespace_options.userns_options.mode: must be POD or NODE, not CONTAINER"),
        Arguments.of(
            with(
                s ->
                    s.setNamespaceOptions(
                        NamespaceOption.newBuilder()
                            .setUsernsOptions(
                                UserNamespace.newBuilder()
                                    .addUids(IDMapping.newBuilder().setLength(1))
                                    .addUids(IDMapping.newBuilder().setLength(1))))),
            security
                + ".namespace_options.userns_options.uids: exactly one mapping is supported, not"
                + " 2"),
        Arguments.of(
            with(Mount.newBuilder().setHostPath("/h").setRecursiveReadOnly(true)),
            "config.mounts[0].recursive_read_only: needs readonly beside it"),
        Arguments.of(
            with(
                Mount.newBuilder()
                    .setHostPath("/h")
                    .setReadonly(true)
                    .setRecursiveReadOnly(true)
                    .setPropagation(MountPropagation.PROPAGATION_BIDIRECTIONAL)),
            "config.mounts[0].recursive_read_only: needs private propagation, not BIDIRECTIONAL"),
        Arguments.of(with(Mount.newBuilder()), "config.mounts[0].host_path: must not be empty"),
        Arguments.of(
            container()
                .setLinux(
                    LinuxContainerConfig.newBuilder()
                        .setResources(LinuxContainerResources.newBuilder().setOomScoreAdj(2000))),
            "config.linux.resources.oom_score_adj: 2000 is not within -1000..1000"));
  }

  @ParameterizedTest
  @MethodSource("badContainers")
  void whatCannotBeTakenIsNamedByItsField(ContainerConfig.Builder config, String message) {
    assertThatThrownBy(() -> ContainerTranslation.toModel(config.build()))
        .isInstanceOf(SandboxException.class)
        .hasMessage(message)
        .satisfies(
            e ->
                assertThat(((SandboxException) e).code())
                    .isEqualTo(SandboxException.Code.INVALID_ARGUMENT));
  }

  @Test
  void theEmptyMessagesOfAClientMeanTheZeroValuesOfTheProto() throws Exception {
    var model = ContainerTranslation.toModel(container().build());
    assertThat(model.security().namespaces().pid()).isEqualTo(NamespaceMode.POD);
    assertThat(model.security().seccomp()).isNull();
    assertThat(model.security().runAsUser()).isNull();
    assertThat(model.stopSignal()).isEmpty();
    var pod =
        PodTranslation.toModel(
            "config",
            PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder().setName("p"))
                .build());
    assertThat(pod.dns()).isNull();
    assertThat(pod.security().namespaces().network()).isEqualTo(NamespaceMode.POD);
  }

  @Test
  void aSelinuxLabelIsUnderstoodInAllItsParts() throws Exception {
    var config =
        ContainerTranslation.toModel(
            with(s ->
                    s.setSelinuxOptions(
                        io.crema.server.cri.SELinuxOption.newBuilder()
                            .setUser("system_u")
                            .setRole("system_r")
                            .setType("container_t")
                            .setLevel("s0:c1,c2")))
                .build());
    assertThat(config.security().selinux())
        .isEqualTo(
            new io.crema.sandbox.model.SelinuxOptions(
                "system_u", "system_r", "container_t", "s0:c1,c2"));
  }

  @Test
  void anImageIsToldBackAsItWasAsked() {
    var asked =
        ImageSpec.newBuilder()
            .setImage("sha256:abc")
            .putAnnotations("a", "b")
            .setUserSpecifiedImage("busybox:1")
            .setRuntimeHandler("crema")
            .setImageRef("sha256:abc")
            .build();
    assertThat(ImageTranslation.toProto(ImageTranslation.toModel(asked))).isEqualTo(asked);
  }

  @Test
  @SuppressWarnings("deprecation") // the old field is what is tested
  void theNewSeccompFieldWinsOverTheOldOne() throws Exception {
    var old =
        ContainerTranslation.toModel(with(s -> s.setSeccompProfilePath("localhost/x")).build());
    assertThat(old.security().seccomp()).isEqualTo(new SecurityProfile(Kind.LOCALHOST, "x"));
    var both =
        ContainerTranslation.toModel(
            with(s ->
                    s.setSeccompProfilePath("unconfined")
                        .setSeccomp(io.crema.server.cri.SecurityProfile.newBuilder()))
                .build());
    assertThat(both.security().seccomp()).isEqualTo(new SecurityProfile(Kind.RUNTIME_DEFAULT, ""));
  }

  @ParameterizedTest
  @EnumSource(
      value = Signal.class,
      names = {"UNRECOGNIZED"},
      mode = EnumSource.Mode.EXCLUDE)
  void everySignalComesBackAsItself(Signal signal) throws Exception {
    assertThat(SignalTranslation.toProto(SignalTranslation.toModel("f", signal))).isEqualTo(signal);
  }

  @ParameterizedTest
  @CsvSource({
    "SIGTERM, SIGNAL_SIGTERM",
    "term, SIGNAL_SIGTERM",
    "15, SIGNAL_SIGTERM",
    "SIGRTMIN+3, SIGNAL_SIGRTMINPLUS3",
    "SIGNONE, SIGNAL_RUNTIME_DEFAULT"
  })
  void namesOfImagesAreUnderstood(String name, Signal signal) {
    assertThat(SignalTranslation.toProto(name)).isEqualTo(signal);
  }
}
