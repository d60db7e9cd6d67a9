package io.crema.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ExecResult;
import io.crema.server.cri.ExecSyncRequest;
import io.crema.server.cri.ExecSyncResponse;
import io.crema.server.translate.Fields;

/**
 * ExecSync: probes and hooks. The runtime caps each stream at 16 MiB (api.proto, CVE-2022-1708).
 */
final class ExecSync {
  private final PodRuntime runtime;

  ExecSync(PodRuntime runtime) {
    this.runtime = runtime;
  }

  ExecSyncResponse exec(ExecSyncRequest request) throws SandboxException, InterruptedException {
    String id = Fields.required("container_id", request.getContainerId());
    if (request.getCmdCount() == 0) {
      throw Fields.invalid("cmd", "must not be empty");
    }
    if (request.getTimeout() < 0) {
      throw Fields.invalid("timeout", request.getTimeout() + " is negative");
    }
    ExecResult result =
        runtime.execSync(id, request.getCmdList(), ContainerCalls.seconds(request.getTimeout()));
    return ExecSyncResponse.newBuilder()
        .setStdout(bytes(result.stdout()))
        .setStderr(bytes(result.stderr()))
        .setExitCode(result.exitCode())
        .build();
  }

  /** Without a copy: nobody else holds the array of an {@link ExecResult}. */
  private static ByteString bytes(byte[] stream) {
    return UnsafeByteOperations.unsafeWrap(stream);
  }
}
