package io.crema.server.manifest;

import java.util.List;

/** Everything that is wrong with manifests; the message has one line a problem. */
public final class ManifestException extends Exception {
  private static final long serialVersionUID = 1;

  ManifestException(List<String> problems) {
    super(String.join("\n", problems));
  }
}
