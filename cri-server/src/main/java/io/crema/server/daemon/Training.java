package io.crema.server.daemon;

import io.crema.image.ImageService;
import io.crema.image.ImageServiceConfig;
import io.crema.server.config.ServerConfig;
import io.crema.server.cri.ImageFsInfoRequest;
import io.crema.server.cri.ListImagesRequest;
import io.crema.server.rpc.ImageGrpc;
import java.io.IOException;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * What the AOT cache is made of: a short life of everything that a start needs, without root, and
 * every class of ours loaded. A class that fails to load here only isn't cached.
 */
public final class Training {
  private static final System.Logger log = System.getLogger("io.crema.server");

  private Training() {}

  /** Serves images in a scratch directory, calls itself, and loads the classes of our jars. */
  public static void run(ServerConfig config, List<String> classPath) throws IOException {
    try (ImageService images =
            ImageService.open(ImageServiceConfig.at(config.root().resolve("images")));
        CriSocket socket = CriSocket.open(config.address(), List.of(new ImageGrpc(images)));
        CriClient client = CriClient.connect(config.address())) {
      for (int i = 0; i < 20; i++) {
        client.images().listImages(ListImagesRequest.getDefaultInstance());
        client.images().imageFsInfo(ImageFsInfoRequest.getDefaultInstance());
      }
      log.log(System.Logger.Level.INFO, "served {0}", socket);
    }
    for (String element : classPath) {
      if (element.substring(element.lastIndexOf('/') + 1).startsWith("crema-")) {
        load(element);
      }
    }
  }

  private static void load(String jar) throws IOException {
    try (JarFile file = new JarFile(jar)) {
      for (JarEntry entry : file.stream().toList()) {
        String name = entry.getName();
        if (name.endsWith(".class") && !name.endsWith("-info.class")) {
          String type = name.substring(0, name.length() - ".class".length()).replace('/', '.');
          try {
            Class.forName(type, false, Training.class.getClassLoader());
          } catch (ClassNotFoundException | LinkageError e) {
            log.log(System.Logger.Level.INFO, "not cached: {0}: {1}", type, e);
          }
        }
      }
    }
  }
}
