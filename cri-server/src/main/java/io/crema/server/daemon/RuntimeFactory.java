package io.crema.server.daemon;

import io.crema.cni.BridgeConfig;
import io.crema.cni.CniNetwork;
import io.crema.cni.NetworkException;
import io.crema.cni.NodeNetwork;
import io.crema.cni.PodNetwork;
import io.crema.image.ImageService;
import io.crema.sandbox.CremaRuntime;
import io.crema.sandbox.PodRuntime;
import io.crema.sandbox.SandboxSettings;
import io.crema.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes the runtime behind a daemon; tests make one that runs nothing. */
@FunctionalInterface
public interface RuntimeFactory {
  /** The real one, on the node's network. */
  RuntimeFactory CREMA = RuntimeFactory::crema;

  /** Opens it; closing it is the caller's. */
  PodRuntime open(ServerConfig config, ImageService images)
      throws IOException, InterruptedException;

  private static PodRuntime crema(ServerConfig config, ImageService images)
      throws IOException, InterruptedException {
    PodNetwork network = network(config);
    boolean open = false;
    try {
      PodRuntime runtime =
          CremaRuntime.open(SandboxSettings.at(config.root(), config.state()), images, network);
      open = true;
      return runtime;
    } finally {
      if (!open) {
        network.close();
      }
    }
  }

  private static PodNetwork network(ServerConfig config) throws IOException, InterruptedException {
    Path durable = Files.createDirectories(config.root().resolve("network"));
    Path running = Files.createDirectories(config.state().resolve("network"));
    BridgeConfig bridge =
        new BridgeConfig(
            config.bridge(), config.table(), String.join(",", config.podCidrs()), config.mtu());
    try {
      return NodeNetwork.open(
          config.cni().mode(),
          bridge,
          new CniNetwork.CniConfig(
              config.cni().confDir(),
              config.cni().binDirs(),
              CniNetwork.CniConfig.NETNS,
              CniNetwork.CniConfig.TIMEOUT),
          durable,
          running);
    } catch (NetworkException e) {
      throw new IOException("network: " + e.getMessage(), e);
    }
  }
}
