package io.crema.sandbox.model;

/**
 * What a command left. Each stream holds at most 16 MiB; the rest was discarded (CRI
 * ExecSyncResponse).
 */
public record ExecResult(byte[] stdout, byte[] stderr, int exitCode) {}
