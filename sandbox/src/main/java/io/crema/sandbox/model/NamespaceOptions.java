package io.crema.sandbox.model;

import org.jspecify.annotations.Nullable;

/** The namespaces of a pod or container (CRI NamespaceOption). */
public record NamespaceOptions(
    NamespaceMode network,
    NamespaceMode pid,
    NamespaceMode ipc,
    String targetId,
    @Nullable UserNamespace userNamespace) {}
