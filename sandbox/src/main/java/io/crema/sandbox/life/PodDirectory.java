package io.crema.sandbox.life;

import io.crema.runtime.launch.UserMap;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.files.Hosts;
import io.crema.sandbox.files.ResolvConf;
import io.crema.sandbox.model.DnsConfig;
import io.crema.sandbox.model.NamespaceMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * A pod's directory of this boot: resolv.conf, hosts, hostname, and /dev/shm as a tmpfs of its own.
 */
final class PodDirectory {
  private static final Path HOST_RESOLV_CONF = Path.of("/etc/resolv.conf");

  /** Where containers see the three files. */
  static final List<String> PLACES = List.of("/etc/resolv.conf", "/etc/hosts", "/etc/hostname");

  private static final String SHM_OPTIONS = "mode=1777,size=67108864"; // 64 MiB, as everywhere

  private final Mounts mounts;

  PodDirectory(Mounts mounts) {
    this.mounts = mounts;
  }

  static Path resolvConf(Pod pod) {
    return pod.directory().resolve("resolv.conf");
  }

  static Path hosts(Pod pod) {
    return pod.directory().resolve("hosts");
  }

  static Path hostname(Pod pod) {
    return pod.directory().resolve("hostname");
  }

  /** What containers see as /dev/shm. */
  static Path shm(Pod pod) {
    return pod.config().security().namespaces().ipc() == NamespaceMode.NODE
        ? Path.of("/dev/shm")
        : pod.directory().resolve("shm");
  }

  void fill(Pod pod, List<String> addresses) throws IOException {
    String hostname = effectiveHostname(pod);
    DnsConfig dns = pod.config().dns();
    write(resolvConf(pod), dns == null ? hostResolvConf() : ResolvConf.of(dns));
    if (pod.onHostNetwork() && Files.isReadable(Path.of("/etc/hosts"))) {
      Files.write(hosts(pod), Files.readAllBytes(Path.of("/etc/hosts")));
    } else {
      write(hosts(pod), Hosts.of(addresses, hostname));
    }
    write(hostname(pod), hostname + "\n");
    UserMap users = pod.users();
    if (users != null) {
      for (Path file : List.of(resolvConf(pod), hosts(pod), hostname(pod))) {
        giveToRootOf(users, file);
      }
    }
    if (pod.config().security().namespaces().ipc() != NamespaceMode.NODE) {
      Path shm = Files.createDirectory(pod.directory().resolve("shm"));
      mounts.mount(
          "shm",
          shm.toString(),
          "tmpfs",
          Mounts.MS_NOSUID | Mounts.MS_NODEV | Mounts.MS_NOEXEC,
          users == null
              ? SHM_OPTIONS
              : SHM_OPTIONS + ",uid=" + users.hostUid() + ",gid=" + users.hostGid());
    }
  }

  private static void giveToRootOf(UserMap users, Path file) throws IOException {
    Paths.linux()
        .fchownAt(
            null,
            file.toString(),
            users.hostUidOf(0),
            users.hostGidOf(0),
            Paths.AT_SYMLINK_NOFOLLOW);
  }

  /** The pod's hostname; on the host's network the host's. */
  static String effectiveHostname(Pod pod) throws IOException {
    if (!pod.config().hostname().isEmpty()) {
      return pod.config().hostname();
    }
    return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
  }

  private static String hostResolvConf() throws IOException {
    try {
      return Files.readString(HOST_RESOLV_CONF);
    } catch (NoSuchFileException e) {
      return ""; // a host without one: the pod has none either
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Unmounts the pod's /dev/shm; none is fine. */
  void unmountShm(Path podDirectory) throws IOException {
    Path shm = podDirectory.resolve("shm");
    try {
      mounts.unmount(shm.toString(), Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EINVAL) && !e.is(Errno.ENOENT)) { // not mounted, or not there
        throw e;
      }
    }
  }

  void remove(Pod pod) throws IOException {
    remove(pod.directory());
  }

  /** Removes a pod's directory with all in it; absent is fine. */
  void remove(Path podDirectory) throws IOException {
    unmountShm(podDirectory);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(podDirectory)) {
      for (Path entry : entries) {
        Files.deleteIfExists(entry); // nothing deeper is ever made here
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(podDirectory);
  }
}
