package io.crema.sandbox.model;

/** CRI HugepageLimit: page size as {@code 2MB}, limit in bytes. */
public record HugepageLimit(String pageSize, long limit) {}
