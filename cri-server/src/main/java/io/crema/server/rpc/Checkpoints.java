package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.server.cri.CheckpointContainerRequest;
import io.crema.server.cri.CheckpointContainerResponse;
import io.crema.server.cri.CheckpointPodRequest;
import io.crema.server.cri.CheckpointPodResponse;
import io.crema.server.cri.RestorePodRequest;
import io.crema.server.cri.RestorePodResponse;
import io.crema.server.translate.Fields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * CheckpointContainer, CheckpointPod, RestorePod: refused by name, after the checks that tell a
 * wrong request from one that this runtime can't do.
 *
 * <p>Freezing processes to disk is CRIU's work, and a checkpoint is only worth something when it
 * can be restored from. Crema doesn't drive CRIU; FAILED_PRECONDITION, not UNIMPLEMENTED, since the
 * kubelet takes the latter for a runtime that doesn't know the RPC.
 */
final class Checkpoints {
  private static final String NAME = "criu";

  private final PodRuntime runtime;
  private final String path;

  Checkpoints(PodRuntime runtime) {
    this(runtime, System.getenv().getOrDefault("PATH", ""));
  }

  /**
   * @param path where programs are looked for, as in the environment
   */
  Checkpoints(PodRuntime runtime, String path) {
    this.runtime = runtime;
    this.path = path;
  }

  CheckpointContainerResponse container(CheckpointContainerRequest request)
      throws SandboxException {
    Fields.required("location", request.getLocation());
    if (request.getTimeout() < 0) {
      throw Fields.invalid("timeout", request.getTimeout() + " is negative");
    }
    runtime.containerStatus(Fields.required("container_id", request.getContainerId()), false);
    throw refused("CheckpointContainer");
  }

  CheckpointPodResponse pod(CheckpointPodRequest request) throws SandboxException {
    absolute("output_path", request.getOutputPath());
    if (request.getContainerIdsCount() == 0) {
      throw Fields.invalid("container_ids", "must not be empty");
    }
    noOptions(request.getOptionsMap());
    runtime.podStatus(Fields.required("pod_sandbox_id", request.getPodSandboxId()), false);
    throw refused("CheckpointPod");
  }

  RestorePodResponse restore(RestorePodRequest request) throws SandboxException {
    absolute("checkpoint_path", request.getCheckpointPath());
    Fields.present("config", request.hasConfig());
    if (request.getContainerConfigsCount() == 0) {
      throw Fields.invalid("container_configs", "must not be empty");
    }
    noOptions(request.getOptionsMap());
    throw refused("RestorePod");
  }

  private static void absolute(String field, String value) throws SandboxException {
    if (!Fields.required(field, value).startsWith("/")) {
      throw Fields.invalid(field, value + " is not absolute");
    }
  }

  private static void noOptions(java.util.Map<String, String> options) throws SandboxException {
    if (!options.isEmpty()) {
      throw Fields.invalid("options", "Crema knows none of " + options.keySet());
    }
  }

  private SandboxException refused(String rpc) {
    String criu =
        find()
            .map(p -> p + " is there, but this version of Crema does not drive it")
            .orElse("criu not found: install CRIU; this version of Crema does not drive it yet");
    return new SandboxException(
        SandboxException.Code.FAILED_PRECONDITION, rpc + ": can't checkpoint or restore: " + criu);
  }

  private Optional<Path> find() {
    for (String directory : path.split(":", -1)) {
      if (directory.startsWith("/")) {
        Path program = Path.of(directory, NAME);
        if (Files.isExecutable(program)) {
          return Optional.of(program);
        }
      }
    }
    return Optional.empty();
  }
}
