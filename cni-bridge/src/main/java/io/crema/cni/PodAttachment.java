package io.crema.cni;

import io.crema.runtime.linux.Fd;
import java.util.List;
import java.util.Map;

/**
 * A wish for a network.
 *
 * @param sandboxId unique for ever; the key of everything that follows
 * @param netns the pod's network namespace, lent for the length of the call
 * @param annotations the pod's, for networks that read some
 */
public record PodAttachment(
    String sandboxId,
    String podName,
    String podNamespace,
    String podUid,
    Fd netns,
    List<PortMapping> ports,
    Map<String, String> annotations) {
  public PodAttachment {
    if (sandboxId.isEmpty() || sandboxId.indexOf('/') >= 0 || sandboxId.startsWith(".")) {
      throw new IllegalArgumentException("sandbox id \"" + sandboxId + "\" is not a file name");
    }
    ports = List.copyOf(ports);
    annotations = Map.copyOf(annotations);
  }
}
