package io.crema.runtime.seccomp;

import io.crema.runtime.linux.Arch;
import io.crema.runtime.security.Capability;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Filters for containers, each compiled once (some 10 ms) for a profile's content and a set of
 * capabilities. Safe for use by many threads.
 */
public final class SeccompFilters {
  private static final String DEFAULT = "default-profile.json";
  private static final int CACHED = 64;
  private static final long MAX_PROFILE = 4 << 20;

  private record Key(ByteBuffer profile, SeccompContext context) {}

  private final SeccompContext.Kernel kernel;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}; the least recently used goes. */
  private final Map<Key, SeccompFilter> cache =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, SeccompFilter> eldest) {
          return size() > CACHED;
        }
      };

  private byte @Nullable [] defaultProfile;

  /** For the machine and kernel that this runs on. */
  public SeccompFilters() throws IOException {
    this(SeccompContext.Kernel.running());
  }

  SeccompFilters(SeccompContext.Kernel kernel) {
    this.kernel = kernel;
  }

  /**
   * The default profile's filter.
   *
   * @param capabilities the container's bounding set, which the profile's rules depend on
   */
  public SeccompFilter runtimeDefault(Set<Capability> capabilities) throws IOException {
    lock.lock();
    try {
      if (defaultProfile == null) {
        try (InputStream in = SeccompFilters.class.getResourceAsStream(DEFAULT)) {
          if (in == null) {
            throw new IOException(DEFAULT + " is not in the class path");
          }
          defaultProfile = in.readAllBytes();
        }
      }
      return filter("runtime/default", defaultProfile, capabilities);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The filter of a profile of the node's.
   *
   * @param profile an absolute path: the kubelet's localhost_ref; the file is read each time, so a
   *     changed profile counts for the next container
   * @throws SeccompProfileException when the file isn't there or can't be used
   */
  public SeccompFilter localhost(Path profile, Set<Capability> capabilities) throws IOException {
    if (!profile.isAbsolute()) {
      throw new SeccompProfileException(
          "seccomp profile " + profile + ": a localhost profile is given by its absolute path");
    }
    byte[] content;
    try {
      if (!Files.isRegularFile(profile) && Files.exists(profile)) {
        throw new SeccompProfileException("seccomp profile " + profile + ": not a regular file");
      }
      if (Files.size(profile) > MAX_PROFILE) {
        throw new SeccompProfileException(
            "seccomp profile " + profile + ": larger than " + MAX_PROFILE + " bytes");
      }
      content = Files.readAllBytes(profile);
    } catch (NoSuchFileException e) {
      throw new SeccompProfileException(
          "seccomp profile " + profile + ": no such file on this node", e);
    }
    lock.lock();
    try {
      return filter(profile.toString(), content, capabilities);
    } finally {
      lock.unlock();
    }
  }

  private SeccompFilter filter(String name, byte[] content, Set<Capability> capabilities)
      throws IOException {
    Key key =
        new Key(ByteBuffer.wrap(content), new SeccompContext(capabilities, Arch.current(), kernel));
    SeccompFilter known = cache.get(key);
    if (known == null) {
      known = SeccompCompiler.compile(ProfileReader.read(name, content), key.context());
      cache.put(key, known);
    }
    return known;
  }
}
