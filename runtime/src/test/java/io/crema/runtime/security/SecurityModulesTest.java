package io.crema.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.runtime.security.LinuxSecurityModules.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Detection on recorded trees of /sys, and what comes of requests. */
class SecurityModulesTest {
  @TempDir Path root;

  private void file(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private LinuxSecurityModules ubuntu() throws IOException {
    file("sys/module/apparmor/parameters/enabled", "Y\n");
    file(
        "sys/kernel/security/apparmor/profiles",
        """
        /usr/bin/man (enforce)
        crema-default (enforce)
        k8s-nginx (enforce)
        nginx-long-name (complain)
        """);
    return LinuxSecurityModules.detect(root);
  }

  private LinuxSecurityModules fedora() throws IOException {
    file("sys/fs/selinux/enforce", "1");
    return LinuxSecurityModules.detect(root);
  }

  @Test
  void aKernelWithNeitherHasNeither() throws IOException {
    LinuxSecurityModules none = LinuxSecurityModules.detect(root);
    assertThat(none.appArmor()).isFalse();
    assertThat(none.selinux()).isFalse();
    assertThat(none.appArmorProfile(Profile.RUNTIME_DEFAULT, "", false)).isEmpty();
    assertThat(none.appArmorProfile(Profile.UNCONFINED, "", false)).isEmpty();
    assertThat(none.selinuxLabel("", "", "", "")).isEmpty();
  }

  @Test
  void whatIsAskedForByNameWhereItIsAbsentIsAnErrorThatSaysSo() throws IOException {
    LinuxSecurityModules none = LinuxSecurityModules.detect(root);
    assertThatThrownBy(() -> none.appArmorProfile(Profile.LOCALHOST, "localhost/mine", false))
        .hasMessageContaining("apparmor is not supported")
        .hasMessageContaining("mine");
    assertThatThrownBy(() -> none.selinuxLabel("", "", "spc_t", ""))
        .hasMessageContaining("selinux is not supported")
        .hasMessageContaining("spc_t");
  }

  @Test
  void appArmorThatIsBuiltInButOffIsOff() throws IOException {
    file("sys/module/apparmor/parameters/enabled", "N\n");
    file("sys/kernel/security/apparmor/profiles", "crema-default (enforce)\n");
    assertThat(LinuxSecurityModules.detect(root).appArmor()).isFalse();
  }

  @Test
  void appArmorWithoutItsFileSystemIsOff() throws IOException {
    file("sys/module/apparmor/parameters/enabled", "Y\n"); // securityfs isn't mounted
    assertThat(LinuxSecurityModules.detect(root).appArmor()).isFalse();
  }

  @Test
  void profilesAreTakenByTheirWholeNameWhenTheyAreLoaded() throws IOException {
    LinuxSecurityModules ubuntu = ubuntu();
    assertThat(ubuntu.appArmorProfile(Profile.RUNTIME_DEFAULT, "", false))
        .contains("crema-default");
    assertThat(ubuntu.appArmorProfile(Profile.LOCALHOST, "localhost/k8s-nginx", false))
        .contains("k8s-nginx");
    assertThat(ubuntu.appArmorProfile(Profile.LOCALHOST, "k8s-nginx", false)).contains("k8s-nginx");
    assertThatThrownBy(() -> ubuntu.appArmorProfile(Profile.LOCALHOST, "nginx-long", false))
        .hasMessage("apparmor profile not found nginx-long");
    assertThatThrownBy(() -> ubuntu.appArmorProfile(Profile.RUNTIME_DEFAULT, "x", false))
        .hasMessageContaining("only allowed with a Localhost profile");
  }

  @Test
  void aPrivilegedContainerHasNoDefaultProfile() throws IOException {
    assertThat(ubuntu().appArmorProfile(Profile.RUNTIME_DEFAULT, "", true)).isEmpty();
  }

  @Test
  void aLabelIsCompletedAsContainersLabelsAre() throws IOException {
    LinuxSecurityModules fedora = fedora();
    assertThat(fedora.selinux()).isTrue();
    assertThat(fedora.selinuxLabel("", "", "", "s0:c4,c5"))
        .contains("system_u:system_r:container_t:s0:c4,c5");
    assertThat(fedora.selinuxLabel("u", "r", "t", "l")).contains("u:r:t:l");
    assertThat(fedora.selinuxLabel("", "", "", "")).isEmpty();
  }
}
