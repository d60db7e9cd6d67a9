package io.crema.sandbox.store;

import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerEdits;
import io.crema.sandbox.model.ContainerResources;
import io.crema.sandbox.model.ContainerState;
import io.crema.sandbox.model.ContainerUser;
import org.jspecify.annotations.Nullable;

/**
 * What is durably known of a container. Times in nanoseconds since the epoch, 0 when not yet.
 *
 * @param version of this format
 * @param launchId the keeper's name for its process
 * @param imageId digest of the image's configuration
 * @param imageName a readable name of the image
 * @param cgroup path of its cgroup below the hierarchies' roots
 * @param stopSignal as {@code SIGTERM}
 * @param pid its first process, 0 before it is launched
 * @param edits what it has beyond {@code config}, or null
 */
public record ContainerRecord(
    int version,
    String id,
    String podId,
    ContainerConfig config,
    ContainerState state,
    long launchId,
    String imageId,
    String imageName,
    String cgroup,
    ContainerResources resources,
    @Nullable ContainerUser user,
    String stopSignal,
    String logPath,
    int pid,
    long createdAt,
    long startedAt,
    long finishedAt,
    int exitCode,
    String reason,
    String message,
    @Nullable ContainerEdits edits) {
  /** The format that this daemon writes. */
  public static final int VERSION = 1;

  public ContainerRecord {
    if (version > VERSION) {
      throw new IllegalArgumentException(
          "record of container "
              + id
              + " has version "
              + version
              + "; this Crema reads up to "
              + VERSION);
    }
  }

  /** What it is launched as: its configuration, and what its devices bring. */
  public ContainerConfig effective() {
    return edits == null ? config : edits.apply(config);
  }

  /** This record with its waiting process. */
  public ContainerRecord launched(long launch, int process) {
    return new ContainerRecord(
        version,
        id,
        podId,
        config,
        state,
        launch,
        imageId,
        imageName,
        cgroup,
        resources,
        user,
        stopSignal,
        logPath,
        process,
        createdAt,
        startedAt,
        finishedAt,
        exitCode,
        reason,
        message,
        edits);
  }

  /** This record of a container that runs since {@code at}. */
  public ContainerRecord running(int process, long at) {
    return new ContainerRecord(
        version,
        id,
        podId,
        config,
        ContainerState.RUNNING,
        launchId,
        imageId,
        imageName,
        cgroup,
        resources,
        user,
        stopSignal,
        logPath,
        process,
        createdAt,
        at,
        0,
        0,
        "",
        "",
        edits);
  }

  /** This record of a container that has ended. */
  public ContainerRecord exited(long at, int code, String why, String text) {
    return new ContainerRecord(
        version,
        id,
        podId,
        config,
        ContainerState.EXITED,
        launchId,
        imageId,
        imageName,
        cgroup,
        resources,
        user,
        stopSignal,
        logPath,
        0,
        createdAt,
        startedAt,
        at,
        code,
        why,
        text,
        edits);
  }

  /** This record with other limits. */
  public ContainerRecord with(ContainerResources limits) {
    return new ContainerRecord(
        version,
        id,
        podId,
        config,
        state,
        launchId,
        imageId,
        imageName,
        cgroup,
        limits,
        user,
        stopSignal,
        logPath,
        pid,
        createdAt,
        startedAt,
        finishedAt,
        exitCode,
        reason,
        message,
        edits);
  }
}
