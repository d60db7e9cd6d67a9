package io.crema.runtime.launch;

import io.crema.runtime.linux.Fd;
import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.NamespaceThread;
import io.crema.runtime.linux.Namespaces;
import io.crema.runtime.linux.Paths;
import java.io.IOException;

/**
 * A mount namespace with next to nothing in it, which every container's is a copy of.
 *
 * <p>Copying the host's would cost more with every mount of every pod, and all of it would have to
 * be unmounted again. This one has a read-only tmpfs as its root: {@value #ROOT_DIRECTORY} for the
 * container's root to be attached to, and {@value #EMPTY_DIRECTORY} and {@value #NULL_DEVICE} as
 * the covers of masked paths. One for the whole daemon; needs no process.
 *
 * <p>The one for user namespaces has more: {@value #LAYERS_DIRECTORY} and {@value
 * #WRITABLE_DIRECTORY} for {@link MappedRoot}, and a proc and a sysfs with nothing mounted over
 * them. Without those in the mount namespace the kernel lets nobody in a user namespace mount such
 * (mount_too_revealing() in fs/namespace.c): what the host hides there must stay hidden. They go
 * with the template, before the container's own are used.
 *
 * @param namespace owned; goes into the slot {@value #SLOT}
 * @param nullDevice owned; its null device, opened for reading and writing: the slot {@link
 *     Stream#NULL_SLOT}. It can be neither chmod-ed nor chown-ed, as the host's could by a
 *     container that has it as its stdin
 */
public record TemplateMountNamespace(Fd namespace, Fd nullDevice) implements AutoCloseable {
  /** The slot of {@link #namespace}. */
  public static final String SLOT = "template";

  static final String ROOT_DIRECTORY = "/root";
  static final String EMPTY_DIRECTORY = "/empty";
  static final String NULL_DEVICE = "/null";
  static final String LAYERS_DIRECTORY = "/layers";
  static final String WRITABLE_DIRECTORY = "/writable";

  /**
   * Makes one, on a thread of its own.
   *
   * @throws IOException when a step fails; nothing is left behind then
   */
  public static TemplateMountNamespace create() throws IOException, InterruptedException {
    return NamespaceThread.call("crema-template", () -> build(false));
  }

  /** As {@link #create}, for containers in user namespaces. */
  public static TemplateMountNamespace createForUserNamespaces()
      throws IOException, InterruptedException {
    return NamespaceThread.call("crema-template", () -> build(true));
  }

  private static TemplateMountNamespace build(boolean users) throws IOException {
    Mounts mounts = Mounts.linux();
    Paths paths = Paths.linux();
    Namespaces.linux().unshare(Namespaces.CLONE_NEWNS);
    mounts.mount("", "/", "", Mounts.MS_REC | Mounts.MS_PRIVATE, "");
    Fd namespace = Namespaces.linux().current("mnt");
    try (Fd context = mounts.fsopen("tmpfs")) {
      mounts.fsconfigString(context, "source", "crema-template");
      mounts.fsconfigString(context, "mode", "555");
      mounts.fsconfigString(context, "size", "64k");
      mounts.fsconfigString(context, "nr_inodes", "16");
      mounts.fsconfigCreate(context);
      try (Fd root = mounts.fsmount(context, Mounts.MOUNT_ATTR_NOSUID | Mounts.MOUNT_ATTR_NOEXEC)) {
        paths.mkdirAt(root, ROOT_DIRECTORY.substring(1), 0555);
        paths.mkdirAt(root, EMPTY_DIRECTORY.substring(1), 0555);
        String node = NULL_DEVICE.substring(1);
        paths.mknodAt(root, node, Paths.S_IFCHR | 0666, 1, 3);
        paths.fchmodAt(root, node, 0666);
        if (users) {
          paths.mkdirAt(root, LAYERS_DIRECTORY.substring(1), 0555);
          paths.mkdirAt(root, WRITABLE_DIRECTORY.substring(1), 0555);
          paths.mkdirAt(root, "proc", 0555);
          paths.mkdirAt(root, "sys", 0555);
        }
        mounts.moveMount(root, "/proc"); // a directory that every host has
        enter(root);
      }
      if (users) {
        kernelFileSystem("proc");
        kernelFileSystem("sysfs");
      }
      mounts.mount("", "/", "", Mounts.MS_REMOUNT | Mounts.MS_RDONLY | Mounts.MS_NOSUID, "");
      return new TemplateMountNamespace(namespace, paths.open(NULL_DEVICE, Paths.O_RDWR, 0));
    } catch (IOException | RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  private static void kernelFileSystem(String type) throws IOException {
    Mounts mounts = Mounts.linux();
    try (Fd context = mounts.fsopen(type)) {
      mounts.fsconfigString(context, "source", type);
      mounts.fsconfigCreate(context);
      try (Fd mount =
          mounts.fsmount(
              context,
              Mounts.MOUNT_ATTR_NOSUID | Mounts.MOUNT_ATTR_NODEV | Mounts.MOUNT_ATTR_NOEXEC)) {
        mounts.moveMount(mount, type.equals("proc") ? "/proc" : "/sys");
      }
    }
  }

  /** Makes {@code root} the only mount there is. */
  private static void enter(Fd root) throws IOException {
    Namespaces.linux().changeDirectory(root);
    Mounts.linux().pivotRoot(".", ".");
    Mounts.linux().unmount(".", Mounts.MNT_DETACH);
  }

  @Override
  public void close() {
    namespace.close();
    nullDevice.close();
  }
}
