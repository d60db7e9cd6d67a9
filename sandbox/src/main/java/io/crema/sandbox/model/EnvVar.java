package io.crema.sandbox.model;

/** An environment variable; its value need not be UTF-8 (CRI KeyValue since 1.37). */
public record EnvVar(String key, byte[] value) {}
