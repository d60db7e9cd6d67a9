package io.crema.sandbox.model;

import org.jspecify.annotations.Nullable;

/**
 * What a container uses.
 *
 * @param usage null unless it runs
 */
public record ContainerStats(
    ContainerStatus container, @Nullable ResourceUsage usage, LayerUsage layer) {}
