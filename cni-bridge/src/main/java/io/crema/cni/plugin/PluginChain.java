package io.crema.cni.plugin;

import io.crema.cni.NetworkException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The verbs of a network: each runs its plugins in the order that the specification says. */
public final class PluginChain {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration STATUS_TIMEOUT = Duration.ofSeconds(10);

  private final PluginRunner runner;
  private final Duration timeout;

  /**
   * @param timeout of each plugin's run
   */
  public PluginChain(PluginRunner runner, Duration timeout) {
    this.runner = runner;
    this.timeout = timeout;
  }

  /** ADD; the attachment with its result. */
  public CachedAttachment add(CachedAttachment a) throws NetworkException, InterruptedException {
    NetworkList network = a.network();
    ObjectNode result = null;
    for (int i = 0; i < network.plugins().size(); i++) {
      result =
          runner.run(
              network.type(i),
              "ADD",
              environment(a, a.netns()),
              pod(network, i, a, result),
              timeout);
    }
    return a.with(java.util.Objects.requireNonNull(result));
  }

  /** CHECK; does nothing where the network doesn't have it or doesn't want it. */
  public void check(CachedAttachment a) throws NetworkException, InterruptedException {
    NetworkList network = a.network();
    if (network.disableCheck() || !network.version().atLeast(CniVersion.CHECK)) {
      return;
    }
    for (int i = 0; i < network.plugins().size(); i++) {
      runner.run(
          network.type(i),
          "CHECK",
          environment(a, a.netns()),
          pod(network, i, a, a.result()),
          timeout);
    }
  }

  /**
   * DEL, in reverse; the first plugin that fails ends it, and all of it has to be repeated.
   *
   * @param netns empty when the namespace is gone
   */
  public void del(CachedAttachment a, String netns) throws NetworkException, InterruptedException {
    NetworkList network = a.network();
    ObjectNode result = network.version().atLeast(CniVersion.CHECK) ? a.result() : null;
    for (int i = network.plugins().size() - 1; i >= 0; i--) {
      runner.run(
          network.type(i), "DEL", environment(a, netns), pod(network, i, a, result), timeout);
    }
  }

  /** STATUS: whether pods can be attached; a network older than that verb is taken to be well. */
  public void status(NetworkList network) throws NetworkException, InterruptedException {
    for (int i = 0; i < network.plugins().size(); i++) {
      String type = network.type(i);
      if (runner.find(type) == null) {
        throw new NetworkException(
            NetworkException.Kind.UNAVAILABLE,
            "CNI plugin " + type + " of " + network.source() + " is not in " + runner.path());
      }
      if (network.version().atLeast(CniVersion.NEWEST)) {
        runner.run(type, "STATUS", Map.of(), plugin(network, i), STATUS_TIMEOUT);
      }
    }
  }

  /** GC: tells plugins which attachments there are, so that they free what belongs to others. */
  public void collect(NetworkList network, Collection<CachedAttachment> valid)
      throws NetworkException, InterruptedException {
    if (network.disableGc() || !network.version().atLeast(CniVersion.NEWEST)) {
      return;
    }
    ArrayNode attachments = JSON.createArrayNode();
    for (CachedAttachment a : valid) {
      attachments.addObject().put("containerID", a.containerId()).put("ifname", a.ifName());
    }
    for (int i = 0; i < network.plugins().size(); i++) {
      ObjectNode configuration = plugin(network, i);
      configuration.set("cni.dev/valid-attachments", attachments);
      configuration.set("cni.dev/attachments", attachments); // an earlier text of the specification
      runner.run(network.type(i), "GC", Map.of(), configuration, timeout);
    }
  }

  private static ObjectNode plugin(NetworkList network, int i) {
    ObjectNode out = network.plugins().get(i).deepCopy();
    return out.put("name", network.name()).put("cniVersion", network.version().toString());
  }

  private static ObjectNode pod(
      NetworkList network, int i, CachedAttachment a, @Nullable ObjectNode previous) {
    ObjectNode out = plugin(network, i);
    ObjectNode all = JSON.valueToTree(a.capabilityArgs());
    ObjectNode runtimeConfig = a.runtimeConfig(out, all);
    if (!runtimeConfig.isEmpty()) {
      out.set("runtimeConfig", runtimeConfig);
    }
    if (previous != null) {
      out.set("prevResult", previous);
    }
    return out;
  }

  private static Map<String, String> environment(CachedAttachment a, String netns) {
    Map<String, String> out = new LinkedHashMap<>();
    out.put("CNI_CONTAINERID", a.containerId());
    out.put("CNI_NETNS", netns);
    out.put("CNI_IFNAME", a.ifName());
    out.put("CNI_ARGS", a.args());
    return out;
  }
}
