package io.crema.sandbox.files;

import java.util.List;

/**
 * /etc/hosts of a pod whose client mounts none of its own (the kubelet always does, crictl's users
 * don't).
 */
public final class Hosts {
  private Hosts() {}

  /** The loopback names, then the pod's own under each of its addresses. */
  public static String of(List<String> addresses, String hostname) {
    StringBuilder text =
        new StringBuilder(
            """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::0\tip6-localnet
            fe00::0\tip6-mcastprefix
            fe00::1\tip6-allnodes
            fe00::2\tip6-allrouters
            """);
    if (!hostname.isEmpty()) {
      for (String address : addresses) {
        text.append(address).append('\t').append(hostname).append('\n');
      }
    }
    return text.toString();
  }
}
