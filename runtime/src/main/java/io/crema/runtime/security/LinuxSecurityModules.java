package io.crema.runtime.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which mandatory access controls the kernel has, and what that makes of what is asked for. What is
 * asked for by name where the module is absent is an error; a default that doesn't exist isn't.
 *
 * @param appArmor whether AppArmor is on
 * @param selinux whether SELinux is on
 */
public record LinuxSecurityModules(boolean appArmor, boolean selinux, Path root) {
  /** The profile that containers get where AppArmor is on. */
  public static final String DEFAULT_PROFILE = "crema-default";

  private static final String PROFILES = "sys/kernel/security/apparmor/profiles";

  /** Which AppArmor profile is asked for. */
  public enum Profile {
    RUNTIME_DEFAULT,
    UNCONFINED,
    LOCALHOST
  }

  /** What this host has. */
  public static LinuxSecurityModules detect() throws IOException {
    return detect(Path.of("/"));
  }

  /** What {@code root/sys} says. */
  static LinuxSecurityModules detect(Path root) throws IOException {
    Path enabled = root.resolve("sys/module/apparmor/parameters/enabled");
    boolean appArmor =
        Files.exists(enabled)
            && Files.readString(enabled).startsWith("Y")
            && Files.isDirectory(root.resolve("sys/kernel/security/apparmor"));
    return new LinuxSecurityModules(
        appArmor, Files.exists(root.resolve("sys/fs/selinux/enforce")), root);
  }

  /**
   * The AppArmor profile to run under, or none.
   *
   * @param name of a {@code LOCALHOST} profile, with or without {@code localhost/}
   * @throws IOException when a profile is asked for that can't be had
   */
  public Optional<String> appArmorProfile(Profile wanted, String name, boolean privileged)
      throws IOException {
    if (wanted != Profile.LOCALHOST && !name.isEmpty()) {
      throw new IOException(
          "apparmor: localhost_ref \"" + name + "\" is only allowed with a Localhost profile");
    }
    return switch (wanted) {
      case UNCONFINED -> Optional.empty();
      case RUNTIME_DEFAULT ->
          appArmor && !privileged && isLoaded(DEFAULT_PROFILE)
              ? Optional.of(DEFAULT_PROFILE)
              : Optional.empty();
      case LOCALHOST -> {
        String bare = name.startsWith("localhost/") ? name.substring("localhost/".length()) : name;
        if (!appArmor) {
          throw new IOException(
              "apparmor is not supported: this node's kernel hasn't got it on, but profile "
                  + bare
                  + " is asked for");
        }
        if (!isLoaded(bare)) {
          throw new IOException("apparmor profile not found " + bare);
        }
        yield Optional.of(bare);
      }
    };
  }

  private boolean isLoaded(String profile) throws IOException {
    Path profiles = root.resolve(PROFILES);
    return Files.exists(profiles)
        && Files.readString(profiles, StandardCharsets.UTF_8)
            .lines()
            .anyMatch(line -> line.startsWith(profile + " ("));
  }

  /**
   * The SELinux label to run under, or none.
   *
   * @throws IOException when a label is asked for where SELinux is off
   */
  public Optional<String> selinuxLabel(String user, String role, String type, String level)
      throws IOException {
    if (user.isEmpty() && role.isEmpty() && type.isEmpty() && level.isEmpty()) {
      return Optional.empty();
    }
    if (!selinux) {
      throw new IOException(
          "selinux is not supported: this node's kernel hasn't got it on, but label "
              + String.join(":", user, role, type, level)
              + " is asked for");
    }
    // containers-selinux names what isn't said
    return Optional.of(
        String.join(
            ":",
            user.isEmpty() ? "system_u" : user,
            role.isEmpty() ? "system_r" : role,
            type.isEmpty() ? "container_t" : type,
            level.isEmpty() ? "s0" : level));
  }
}
