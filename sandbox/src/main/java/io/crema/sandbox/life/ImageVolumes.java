package io.crema.sandbox.life;

import static io.crema.sandbox.SandboxException.Code.INTERNAL;
import static io.crema.sandbox.SandboxException.Code.INVALID_ARGUMENT;
import static io.crema.sandbox.SandboxException.Code.NOT_FOUND;

import io.crema.image.ImageService;
import io.crema.image.WritableLayer;
import io.crema.runtime.launch.MappedRoot;
import io.crema.runtime.linux.Errno;
import io.crema.runtime.linux.ErrnoException;
import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.NamespaceThread;
import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.Paths;
import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.ContainerConfig;
import io.crema.sandbox.model.ContainerMount;
import io.crema.sandbox.model.ImageSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Images as volumes: always read-only, never mounted anywhere on the host.
 *
 * <p>What holds a volume's layers on disk is a writable layer that nobody writes to: it is known
 * after a restart of the daemon, and goes with the container. Errors begin as the kubelet expects
 * them (kuberuntime_manager.go; cri-api errors.ErrImageVolumeMountFailed).
 */
final class ImageVolumes {
  private static final String FAILED = "ImageVolumeMountFailed: ";
  private static final String SEPARATOR = ".volume-";
  private static final int RESOLVE = Paths.RESOLVE_IN_ROOT | Paths.RESOLVE_NO_MAGICLINKS;

  private final ImageService images;
  private final Mounts mounts;
  private final Paths paths;

  ImageVolumes(ImageService images, Mounts mounts, Paths paths) {
    this.images = images;
    this.mounts = mounts;
    this.paths = paths;
  }

  /** Whether the container has any: those that don't pay nothing. */
  static boolean any(ContainerConfig config) {
    return config.mounts().stream().anyMatch(m -> m.image() != null);
  }

  /** The slot of the plan for the mount that is the {@code index}th of the container's. */
  static String slot(int index) {
    return "image-" + index;
  }

  /**
   * The container that a layer which {@link #hold} made belongs to; other names are as they are.
   */
  static String owner(String layerId) {
    int at = layerId.indexOf(SEPARATOR);
    return at < 0 ? layerId : layerId.substring(0, at);
  }

  private static String layerId(String containerId, int index) {
    return containerId + SEPARATOR + index;
  }

  /** Keeps the images of the container's volumes on disk until {@link #release}. */
  void hold(String containerId, ContainerConfig config)
      throws SandboxException, InterruptedException {
    for (int i = 0; i < config.mounts().size(); i++) {
      ContainerMount mount = config.mounts().get(i);
      ImageSpec image = mount.image();
      if (image == null) {
        continue;
      }
      String what = FAILED + "mount " + mount.containerPath() + ": image " + image.image();
      try {
        images.createWritableLayer(layerId(containerId, i), image.image());
      } catch (NoSuchElementException e) {
        throw new SandboxException(NOT_FOUND, what + ": is not on this node; pull it first", e);
      } catch (IOException e) {
        throw new SandboxException(INTERNAL, what + ": " + e.getMessage(), e);
      }
    }
  }

  /** Lets go of what {@link #hold} keeps; repeated and after a part of it, it does the rest. */
  void release(String containerId, ContainerConfig config) throws IOException {
    for (int i = 0; i < config.mounts().size(); i++) {
      if (config.mounts().get(i).image() != null) {
        images.removeWritableLayer(layerId(containerId, i));
      }
    }
  }

  /**
   * The volumes as detached mounts, by slot; the caller closes them.
   *
   * @param users the pod's user namespace, which those have ids of that ask for a mapping
   */
  Map<String, Fd> open(
      String containerId, ContainerConfig config, @Nullable Fd users, Rollback close)
      throws SandboxException, InterruptedException {
    Map<String, Fd> volumes = new HashMap<>();
    for (int i = 0; i < config.mounts().size(); i++) {
      ContainerMount mount = config.mounts().get(i);
      if (mount.image() != null) {
        Fd volume =
            open(layerId(containerId, i), mount, mount.uidMappings().isEmpty() ? null : users);
        close.add(volume::close);
        volumes.put(slot(i), volume);
      }
    }
    return volumes;
  }

  private Fd open(String layerId, ContainerMount mount, @Nullable Fd users)
      throws SandboxException, InterruptedException {
    ImageSpec image = mount.image();
    String what =
        FAILED
            + "mount "
            + mount.containerPath()
            + ": image "
            + (image == null ? "" : image.image());
    try {
      WritableLayer layer =
          images
              .writableLayer(layerId)
              .orElseThrow(() -> new IOException("what held it on disk is gone"));
      Fd volume =
          users == null
              ? tree(layer.lower(), mount.imageSubPath())
              : mapped(layer.lower(), mount.imageSubPath(), users);
      try {
        mounts.setAttributes(
            volume,
            Mounts.AT_RECURSIVE,
            Mounts.MOUNT_ATTR_RDONLY
                | Mounts.MOUNT_ATTR_NOSUID
                | Mounts.MOUNT_ATTR_NODEV
                | ContainerMounts.attributes(mount),
            0,
            Mounts.MS_PRIVATE,
            null);
        return volume;
      } catch (ErrnoException | RuntimeException e) {
        volume.close();
        throw e;
      }
    } catch (ErrnoException e) {
      boolean theirs = e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP);
      if (theirs && !mount.imageSubPath().isEmpty()) {
        String why = e.is(Errno.ENOENT) ? "does not exist in it" : "is no directory in it";
        throw new SandboxException(
            INVALID_ARGUMENT, what + ": image_sub_path \"" + mount.imageSubPath() + "\" " + why, e);
      }
      throw new SandboxException(INTERNAL, what + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SandboxException(INTERNAL, what + ": " + e.getMessage(), e);
    }
  }

  /** A detached copy of the directory {@code subPath} of the image, resolved as in a chroot. */
  private Fd tree(List<Path> layers, String subPath) throws IOException, InterruptedException {
    if (layers.size() == 1) {
      try (Fd root =
          paths.open(layers.getFirst().toString(), Paths.O_PATH | Paths.directoryFlag(), 0)) {
        return copy(root, subPath);
      }
    }
    if (subPath.isEmpty()) {
      return overlay(layers);
    }
    try (Fd overlay = overlay(layers)) {
      return NamespaceThread.call("crema-image-volume", () -> within(overlay, subPath));
    }
  }

  /** As {@link #tree}, with the files' ids those of {@code users}. */
  private Fd mapped(List<Path> layers, String subPath, Fd users)
      throws IOException, InterruptedException {
    if (layers.size() == 1) {
      Fd tree = tree(layers, subPath);
      try {
        map(tree, users);
        return tree;
      } catch (ErrnoException | RuntimeException e) {
        tree.close();
        throw e;
      }
    }
    return NamespaceThread.call("crema-image-volume", () -> mappedOverlay(layers, subPath, users));
  }

  private void map(Fd tree, Fd users) throws ErrnoException {
    mounts.setAttributes(tree, 0, Mounts.MOUNT_ATTR_IDMAP, 0, 0, users);
  }

  /** The layers are mapped, since an overlay can't be: see {@link MappedRoot}. */
  private Fd mappedOverlay(List<Path> layers, String subPath, Fd users) throws IOException {
    Namespaces.linux().unshare(Namespaces.CLONE_NEWNS);
    mounts.mount("", "/", "", Mounts.MS_REC | Mounts.MS_PRIVATE, "");
    Path above = Path.of(MappedRoot.above(layers.stream().map(Path::toString).toList()));
    try (Fd all = mounts.openTree(null, above.toString(), Mounts.OPEN_TREE_CLONE)) {
      map(all, users);
      mounts.moveMount(all, "/proc"); // as in within()
    }
    List<Path> seen =
        layers.stream().map(l -> Path.of("/proc").resolve(above.relativize(l))).toList();
    Fd overlay = overlay(seen);
    if (subPath.isEmpty()) {
      return overlay;
    }
    try (overlay) {
      mounts.moveMount(overlay, "/sys");
      return copy(overlay, subPath);
    }
  }

  /** A part of a detached mount can be copied on all kernels once that is attached somewhere. */
  private Fd within(Fd overlay, String subPath) throws IOException {
    Namespaces.linux().unshare(Namespaces.CLONE_NEWNS);
    mounts.mount("", "/", "", Mounts.MS_REC | Mounts.MS_PRIVATE, "");
    mounts.moveMount(overlay, "/proc"); // a directory that every host has; nobody else sees it
    return copy(overlay, subPath);
  }

  private Fd copy(Fd root, String subPath) throws ErrnoException {
    int clone = Mounts.OPEN_TREE_CLONE | Mounts.OPEN_TREE_CLOEXEC | Paths.AT_EMPTY_PATH;
    if (subPath.isEmpty()) {
      return mounts.openTree(root, "", clone);
    }
    try (Fd part = paths.openAt2(root, subPath, Paths.O_PATH | Paths.directoryFlag(), 0, RESOLVE)) {
      return mounts.openTree(part, "", clone);
    }
  }

  private Fd overlay(List<Path> layers) throws ErrnoException {
    try (Fd context = mounts.fsopen("overlay")) {
      for (Path layer : layers) {
        mounts.fsconfigString(context, "lowerdir+", layer.toString());
      }
      mounts.fsconfigCreate(context);
      return mounts.fsmount(context, Mounts.MOUNT_ATTR_RDONLY);
    }
  }

  /** For the words of a plan. */
  static String words(@Nullable ImageSpec image, String subPath) {
    String name =
        image == null
            ? ""
            : image.userSpecifiedImage().isEmpty() ? image.image() : image.userSpecifiedImage();
    return "image " + name + (subPath.isEmpty() ? "" : ", " + subPath);
  }
}
