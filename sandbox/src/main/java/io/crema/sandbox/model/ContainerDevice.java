package io.crema.sandbox.model;

/** CRI Device. */
public record ContainerDevice(String containerPath, String hostPath, String permissions) {}
