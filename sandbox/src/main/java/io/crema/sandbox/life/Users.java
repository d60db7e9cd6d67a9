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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Looks users up in images' /etc/passwd and /etc/group, which are read once per image. */
final class Users {
  private static final int CACHED = 64;

  private final Mounts mounts;
  private final Map<String, UserDatabase> byImage =
      new LinkedHashMap<>(CACHED, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, UserDatabase> eldest) {
          return size() > CACHED;
        }
      };

  Users(Mounts mounts) {
    this.mounts = mounts;
  }

  ProcessUser resolve(String imageId, List<Path> layers, UserRequest request)
      throws IOException, UnknownUserException {
    UserDatabase database;
    synchronized (byImage) {
      database = byImage.get(imageId);
    }
    if (database == null) {
      try (Fd root = root(layers)) {
        database = UserDatabase.read(root);
      }
      synchronized (byImage) {
        byImage.put(imageId, database);
      }
    }
    return database.resolve(request);
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
