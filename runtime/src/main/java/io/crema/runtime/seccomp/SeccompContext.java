package io.crema.runtime.seccomp;

import io.crema.runtime.linux.Arch;
import io.crema.runtime.seccomp.SeccompProfile.Condition;
import io.crema.runtime.seccomp.SeccompProfile.Rule;
import io.crema.runtime.security.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a profile's conditions are about.
 *
 * @param capabilities the container's bounding set
 */
record SeccompContext(Set<Capability> capabilities, Arch arch, Kernel kernel) {
  private static final Pattern VERSION = Pattern.compile("([0-9]+)\\.([0-9]+).*", Pattern.DOTALL);

  SeccompContext {
    EnumSet<Capability> copy = EnumSet.noneOf(Capability.class);
    copy.addAll(capabilities);
    capabilities = copy;
  }

  /** A kernel's version; profiles compare just these two. */
  record Kernel(int major, int minor) implements Comparable<Kernel> {
    /** The one that runs. */
    static Kernel running() throws IOException {
      return of(Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
    }

    /**
     * @throws IllegalArgumentException when {@code version} doesn't begin as {@code 6.12}
     */
    static Kernel of(String version) {
      Matcher m = VERSION.matcher(version);
      if (!m.matches()) {
        throw new IllegalArgumentException("kernel version \"" + version + "\"");
      }
      return new Kernel(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)));
    }

    @Override
    public int compareTo(Kernel o) {
      return major != o.major ? Integer.compare(major, o.major) : Integer.compare(minor, o.minor);
    }
  }

  /** Whether {@code rule} counts here: everything that it includes, nothing that it excludes. */
  boolean counts(Rule rule) {
    Condition in = rule.includes();
    Condition out = rule.excludes();
    return in.capabilities().stream().allMatch(this::has)
        && (in.architectures().isEmpty() || in.architectures().contains(arch.ociName()))
        && (in.minKernel().isEmpty() || Kernel.of(in.minKernel()).compareTo(kernel) <= 0)
        && out.capabilities().stream().noneMatch(this::has)
        && !out.architectures().contains(arch.ociName())
        && (out.minKernel().isEmpty() || Kernel.of(out.minKernel()).compareTo(kernel) > 0);
  }

  /** A capability that nobody knows isn't had. */
  private boolean has(String name) {
    return capabilities.stream().anyMatch(c -> c.kernelName().equals(name));
  }
}
