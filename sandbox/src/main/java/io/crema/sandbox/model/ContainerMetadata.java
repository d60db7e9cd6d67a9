package io.crema.sandbox.model;

/** The key of a container within its sandbox (CRI ContainerMetadata). */
public record ContainerMetadata(String name, int attempt) {}
