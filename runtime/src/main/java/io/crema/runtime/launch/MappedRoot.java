package io.crema.runtime.launch;

import io.crema.runtime.linux.Mounts;
import io.crema.runtime.linux.Paths;
import io.crema.runtime.linux.Sys;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The root of a container in a user namespace: the image's layers belong to the host's root on disk
 * and to the container's in the container, without any of them being changed.
 *
 * <p>An overlay can't be id-mapped itself (Linux 6.18: EINVAL), but its lower layers can
 * (mount_setattr(2)). All layers are shown by one id-mapped mount of the directory that they are
 * below, however many there are. The upper layer isn't mapped: what the container writes belongs to
 * its own users on the host too, so that a set-user-id file which escapes is of no use there. Its
 * top directory, new and empty, is given to the container's root.
 *
 * <p>Kernels before 6.15 take layers only from mounts that are attached in the mounter's own mount
 * namespace: that is what {@link #mount} is in two acts for.
 */
public final class MappedRoot {
  private final PlanCalls calls;
  private final UserMap map;
  private final RootFs root;
  private @Nullable Arg layers;
  private @Nullable Arg writable;

  MappedRoot(PlanCalls calls, UserMap map, RootFs root) {
    this.calls = calls;
    this.map = map;
    this.root = root;
  }

  /** In the host's mount namespace: opens what the root is made of. */
  void open() {
    switch (root) {
      case RootFs.Overlay o -> {
        String lowers = above(o.lowers());
        layers = idMapped("show the image's files as the container's users'", lowers, false);
        String upper = above(List.of(o.upper(), o.work()));
        writable =
            calls.cloneTree(
                "open the writable layer " + upper, Set.of(), PlanCalls.CWD, upper, false);
        calls
            .plan()
            .call(
                "give the writable layer to the container's root",
                Sys.FCHOWNAT,
                PlanCalls.CWD,
                Arg.of(o.upper()),
                Arg.of(map.hostUid()),
                Arg.of(map.hostGid()),
                Arg.of(Paths.AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"));
      }
      case RootFs.Directory d -> layers = idMapped("mount / (" + d.path() + ")", d.path(), true);
    }
  }

  private Arg idMapped(String purpose, String path, boolean recursive) {
    Arg tree = calls.cloneTree(purpose, Set.of(), PlanCalls.CWD, path, recursive);
    calls.setAttributes(purpose, Set.of(), tree, recursive, 0, Mounts.MS_PRIVATE, null);
    calls.mapIds(purpose + ": map the ids of " + path, tree);
    return tree;
  }

  /**
   * In a private copy of the template, still as the host's root: the container's root, as a
   * detached mount.
   */
  Arg mount() {
    Arg made = Objects.requireNonNull(layers, "open() comes before");
    return switch (root) {
      case RootFs.Directory _ -> made;
      case RootFs.Overlay o -> {
        attach(made, TemplateMountNamespace.LAYERS_DIRECTORY);
        attach(Objects.requireNonNull(writable), TemplateMountNamespace.WRITABLE_DIRECTORY);
        List<String> options = new ArrayList<>();
        for (String lower : o.lowers()) {
          options.add(
              "lowerdir+=" + at(TemplateMountNamespace.LAYERS_DIRECTORY, o.lowers(), lower));
        }
        List<String> both = List.of(o.upper(), o.work());
        options.add("upperdir=" + at(TemplateMountNamespace.WRITABLE_DIRECTORY, both, o.upper()));
        options.add("workdir=" + at(TemplateMountNamespace.WRITABLE_DIRECTORY, both, o.work()));
        options.add("index=off"); // layers are shared between mounts
        Arg overlay = calls.newFileSystem("mount / (overlay)", "overlay", 0, options);
        detach(TemplateMountNamespace.LAYERS_DIRECTORY);
        detach(TemplateMountNamespace.WRITABLE_DIRECTORY);
        yield overlay;
      }
    };
  }

  private void attach(Arg tree, String directory) {
    String purpose = "show the overlay its layers at " + directory;
    calls.attachAt(purpose, Set.of(), tree, PlanCalls.CWD, directory);
  }

  private void detach(String directory) {
    calls
        .plan()
        .call(
            "take " + directory + " away again, which the overlay keeps",
            Sys.UMOUNT2,
            Arg.of(directory),
            Arg.of(Mounts.MNT_DETACH, "MNT_DETACH"));
  }

  private static String at(String mounted, List<String> all, String path) {
    return mounted + "/" + Path.of(above(all)).relativize(Path.of(path).normalize());
  }

  /** The innermost directory that all {@code paths} are below. */
  public static String above(List<String> paths) {
    Path common = Path.of(paths.getFirst()).normalize().getParent();
    for (String path : paths) {
      while (common != null && !Path.of(path).normalize().startsWith(common)) {
        common = common.getParent();
      }
    }
    return common == null ? "/" : common.toString();
  }
}
