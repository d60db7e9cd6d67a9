package io.crema.server.daemon;

import io.crema.image.ImageService;
import io.crema.sandbox.PodRuntime;
import io.crema.server.config.ServerConfig;
import java.io.IOException;

/** Makes the runtime behind a daemon; tests make one that runs nothing. */
@FunctionalInterface
public interface RuntimeFactory {
  /** The real one. */
  RuntimeFactory CREMA =
      (config, images) -> {
        throw new IOException("the runtime is not part of this build yet");
      };

  /** Opens it; closing it is the caller's. */
  PodRuntime open(ServerConfig config, ImageService images) throws IOException;
}
