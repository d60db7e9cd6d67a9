package io.crema.sandbox.model;

/** A range of ids in a user namespace (CRI IDMapping; user_namespaces(7)). */
public record IdMapping(int hostId, int containerId, int length) {}
