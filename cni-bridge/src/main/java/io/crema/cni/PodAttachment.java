package io.crema.cni;

import io.crema.runtime.linux.Fd;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A wish for a network.
 *
 * @param sandboxId unique for ever; the key of everything that follows
 * @param netns the pod's network namespace, lent for the length of the call
 * @param annotations the pod's, for networks that read some
 * @param dns the pod's name resolution, for networks that want to know; null if nothing was asked
 * @param cgroupParent the pod's cgroup, for networks that want to know; may be empty
 */
public record PodAttachment(
    String sandboxId,
    String podName,
    String podNamespace,
    String podUid,
    Fd netns,
    List<PortMapping> ports,
    Map<String, String> annotations,
    @Nullable Dns dns,
    String cgroupParent) {
  /** What goes into resolv.conf. */
  public record Dns(List<String> servers, List<String> searches, List<String> options) {
    public Dns {
      servers = List.copyOf(servers);
      searches = List.copyOf(searches);
      options = List.copyOf(options);
    }
  }

  public PodAttachment {
    if (sandboxId.isEmpty() || sandboxId.indexOf('/') >= 0 || sandboxId.startsWith(".")) {
      throw new IllegalArgumentException("sandbox id \"" + sandboxId + "\" is not a file name");
    }
    ports = List.copyOf(ports);
    annotations = Map.copyOf(annotations);
  }

  /** For networks that read neither name resolution nor cgroups. */
  public PodAttachment(
      String sandboxId,
      String podName,
      String podNamespace,
      String podUid,
      Fd netns,
      List<PortMapping> ports,
      Map<String, String> annotations) {
    this(sandboxId, podName, podNamespace, podUid, netns, ports, annotations, null, "");
  }
}
