package io.crema.sandbox.model;

/**
 * What a container uses. Times in nanoseconds, sizes in bytes; -1 where the kernel doesn't tell.
 *
 * @param timestamp nanoseconds since the epoch
 * @param cpuUsage cumulative
 * @param workingSet usage less inactive page cache, as the kubelet's eviction counts it
 * @param writableBytes used by the writable layer
 */
public record ContainerStats(
    ContainerStatus container,
    long timestamp,
    long cpuUsage,
    long memoryUsage,
    long workingSet,
    long rss,
    long pageFaults,
    long majorPageFaults,
    long memoryAvailable,
    long swapUsage,
    long swapAvailable,
    String writablePath,
    long writableBytes,
    long writableInodes) {}
