package io.crema.sandbox.model;

import java.util.List;

/** The user namespace of a pod (CRI UserNamespace). */
public record UserNamespace(NamespaceMode mode, List<IdMapping> uids, List<IdMapping> gids) {
  public UserNamespace {
    uids = List.copyOf(uids);
    gids = List.copyOf(gids);
  }
}
