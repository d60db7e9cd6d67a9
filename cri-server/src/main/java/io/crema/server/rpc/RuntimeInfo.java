package io.crema.server.rpc;

import io.crema.sandbox.PodRuntime;
import io.crema.server.cri.CgroupDriver;
import io.crema.server.cri.LinuxRuntimeConfiguration;
import io.crema.server.cri.RuntimeCondition;
import io.crema.server.cri.RuntimeConfigResponse;
import io.crema.server.cri.RuntimeFeatures;
import io.crema.server.cri.RuntimeHandler;
import io.crema.server.cri.RuntimeHandlerFeatures;
import io.crema.server.cri.RuntimeStatus;
import io.crema.server.cri.StatusRequest;
import io.crema.server.cri.StatusResponse;
import io.crema.server.cri.VersionResponse;
import java.util.Map;
import java.util.TreeMap;

/** What the runtime says of itself: Version, Status, RuntimeConfig. */
public final class RuntimeInfo {
  /** The runtime's name, also of its only handler. */
  public static final String NAME = "crema";

  /** What RuntimeClasses of other runtimes name; the same as the default. */
  private static final String RUNC = "runc";

  /** The kubelet refuses any other (kuberuntime_manager.go, kubeRuntimeAPIVersion). */
  private static final String KUBELET_API_VERSION = "0.1.0";

  private final PodRuntime runtime;
  private final String version;
  private final Map<String, Object> config;

  /**
   * @param version of Crema
   * @param config the effective configuration, for verbose answers
   */
  public RuntimeInfo(PodRuntime runtime, String version, Map<String, Object> config) {
    this.runtime = runtime;
    this.version = version;
    this.config = new TreeMap<>(config);
  }

  VersionResponse version() {
    return VersionResponse.newBuilder()
        .setVersion(KUBELET_API_VERSION)
        .setRuntimeName(NAME)
        .setRuntimeVersion(version)
        .setRuntimeApiVersion("v1")
        .build();
  }

  StatusResponse status(StatusRequest request) {
    boolean users = runtime.userNamespaces();
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setStatus(
                RuntimeStatus.newBuilder()
                    .addConditions(condition("RuntimeReady", "", ""))
                    .addConditions(
                        condition("NetworkReady", "NetworkNotReady", runtime.networkProblem())))
            .addRuntimeHandlers(handler("", users))
            .addRuntimeHandlers(handler(NAME, users))
            .addRuntimeHandlers(handler(RUNC, users))
            .setFeatures(
                RuntimeFeatures.newBuilder()
                    .setSupplementalGroupsPolicy(true)
                    .setUserNamespacesHostNetwork(users)
                    .setMountOptions(true));
    if (request.getVerbose()) {
      response.putInfo("config", Json.write(config));
      response.putInfo("version", Json.write(version));
      response.putInfo("java", Json.write(Runtime.version().toString()));
    }
    return response.build();
  }

  RuntimeConfigResponse runtimeConfig() {
    return RuntimeConfigResponse.newBuilder()
        .setLinux(LinuxRuntimeConfiguration.newBuilder().setCgroupDriver(CgroupDriver.CGROUPFS))
        .build();
  }

  /** The condition holds when there is no problem. */
  private static RuntimeCondition condition(String type, String reason, String problem) {
    boolean ok = problem.isEmpty();
    return RuntimeCondition.newBuilder()
        .setType(type)
        .setStatus(ok)
        .setReason(ok ? "" : reason)
        .setMessage(problem)
        .build();
  }

  private static RuntimeHandler handler(String name, boolean userNamespaces) {
    return RuntimeHandler.newBuilder()
        .setName(name)
        .setFeatures(
            RuntimeHandlerFeatures.newBuilder()
                .setRecursiveReadOnlyMounts(true)
                .setUserNamespaces(userNamespaces))
        .build();
  }
}
