package io.crema.sandbox.life;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.security.ProcessUser;
import io.crema.runtime.security.UnknownUserException;
import io.crema.runtime.security.UserDatabase;
import io.crema.runtime.security.UserRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a launch has to know of an image's files, read once per image: its users and groups, and
 * where links lead that stand in the place of a pod's files.
 */
final class Users {
  private static final int CACHED = 64;

  private final Mounts mounts;
  private final Map<String, Facts> byImage =
      new LinkedHashMap<>(CACHED, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Facts> eldest) {
          return size() > CACHED;
        }
      };

  Users(Mounts mounts) {
    this.mounts = mounts;
  }

  private record Facts(UserDatabase users, Map<String, String> places) {}

  ProcessUser resolve(String imageId, List<Path> layers, UserRequest request)
      throws IOException, UnknownUserException {
    return facts(imageId, layers).users.resolve(request);
  }

  /**
   * Where the files of {@link PodDirectory} have to be mounted, by their usual place: elsewhere
   * when the image has a link there, as a system's image has for its resolver's file. It may lead
   * to nothing yet.
   */
  Map<String, String> places(String imageId, List<Path> layers) throws IOException {
    return facts(imageId, layers).places;
  }

  private Facts facts(String imageId, List<Path> layers) throws IOException {
    synchronized (byImage) {
      Facts known = byImage.get(imageId);
      if (known != null) {
        return known;
      }
    }
    Facts read;
    try (Fd root = root(layers)) {
      Map<String, String> places = new HashMap<>();
      for (String file : PodDirectory.PLACES) {
        places.put(file, ImageLinks.follow(root, file));
      }
      read = new Facts(UserDatabase.read(root), Map.copyOf(places));
    }
    synchronized (byImage) {
      byImage.put(imageId, read);
    }
    return read;
  }

  /** The image's root as containers see it, mounted nowhere: gone when the descriptor is closed. */
  private Fd root(List<Path> layers) throws IOException {
    if (layers.size() == 1) {
      return Paths.linux()
          .open(layers.getFirst().toString(), Paths.O_PATH | Paths.directoryFlag(), 0);
    }
    try (Fd context = mounts.fsopen("overlay")) {
      for (Path layer : layers) {
        mounts.fsconfigString(context, "lowerdir+", layer.toString());
      }
      mounts.fsconfigCreate(context);
      return mounts.fsmount(context, Mounts.MOUNT_ATTR_RDONLY);
    }
  }
}
