package io.crema.cni;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Kernel parameters of the host's network that the pod network can't do without. */
final class Sysctl {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final Path ROOT = Path.of("/proc/sys");

  private Sysctl() {}

  /** Whether the kernel has IPv6. */
  static boolean hasIpv6() {
    return Files.isDirectory(ROOT.resolve("net/ipv6/conf"));
  }

  /** Whether bridged IPv6 packets pass the IP firewall: br_netfilter is there and told to. */
  static boolean bridgedIpv6PassesFirewall() throws IOException {
    try {
      return !read(ROOT.resolve("net/bridge/bridge-nf-call-ip6tables")).equals("0");
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static String read(Path path) throws IOException {
    return Files.readString(path).strip();
  }

  /**
   * Sets a parameter, unless it has the value already, and says so.
   *
   * @param name with slashes: {@code net/ipv4/ip_forward}
   */
  static boolean ensure(String name, String value, String why) throws NetworkException {
    Path path = ROOT.resolve(name);
    try {
      String before = read(path);
      if (before.equals(value)) {
        return false;
      }
      Files.writeString(path, value, StandardOpenOption.WRITE);
      // A parameter of our own bridge is nobody else's business.
      boolean hosts = name.endsWith("/ip_forward") || name.contains("/all/") || value.equals("2");
      Level level = hosts ? Level.INFO : Level.DEBUG;
      LOG.log(level, "set sysctl {0} from {1} to {2}: {3}", name, before, value, why);
      return true;
    } catch (IOException e) {
      throw new NetworkException(
          NetworkException.Kind.SYSTEM,
          "set sysctl " + name + " to " + value + ", because " + why,
          e);
    }
  }

  /**
   * Turns IPv6 forwarding on. A kernel that forwards ignores router advertisements, from which many
   * hosts have their default route, unless accept_ra is 2: so interfaces that heed them get that
   * first (ip-sysctl.rst, accept_ra).
   */
  static void forwardIpv6() throws NetworkException {
    Path conf = ROOT.resolve("net/ipv6/conf");
    try {
      if (read(conf.resolve("all/forwarding")).equals("1")) {
        return;
      }
      try (DirectoryStream<Path> interfaces = Files.newDirectoryStream(conf)) {
        for (Path dir : interfaces) {
          String name = dir.getFileName().toString();
          if (!name.equals("all")
              && !name.equals("default")
              && !name.equals("lo")
              && read(dir.resolve("accept_ra")).equals("1")) {
            ensure(
                "net/ipv6/conf/" + name + "/accept_ra",
                "2",
                "the host keeps heeding router advertisements when it forwards");
          }
        }
      }
    } catch (IOException e) {
      throw new NetworkException(
          NetworkException.Kind.SYSTEM, "read the IPv6 parameters of the host's interfaces", e);
    }
    ensure("net/ipv6/conf/all/forwarding", "1", "pods reach the outside by IPv6");
  }
}
