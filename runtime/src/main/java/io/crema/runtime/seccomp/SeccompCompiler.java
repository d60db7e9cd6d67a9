package io.crema.runtime.seccomp;

import io.crema.runtime.linux.LibSeccomp;
import io.crema.runtime.seccomp.SeccompProfile.Action;
import io.crema.runtime.seccomp.SeccompProfile.Argument;
import io.crema.runtime.seccomp.SeccompProfile.Rule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Compiles a profile through libseccomp, as runc does (libcontainer/seccomp). */
final class SeccompCompiler {
  /** From so many rules on a binary tree is worth it; libseccomp before 2.5.5 fails with none. */
  private static final int TREE_FROM = 32;

  private static final int FLAG_LOG = 2;
  private static final int FLAG_SPEC_ALLOW = 4;

  private final SeccompProfile profile;
  private final SeccompContext context;

  private SeccompCompiler(SeccompProfile profile, SeccompContext context) {
    this.profile = profile;
    this.context = context;
  }

  static SeccompFilter compile(SeccompProfile profile, SeccompContext context) throws IOException {
    return new SeccompCompiler(profile, context).compile();
  }

  private SeccompFilter compile() throws IOException {
    List<Rule> rules = profile.rules().stream().filter(context::counts).toList();
    Set<Integer> arches = arches();
    byte[] filter;
    try (LibSeccomp.Filter out = LibSeccomp.filter(profile.defaultAction().value())) {
      for (int arch : arches) {
        out.addArch(arch);
      }
      if (rules.stream().mapToInt(r -> r.names().size()).sum() > TREE_FROM) {
        out.optimizeForManyRules();
      }
      for (Rule rule : rules) {
        add(out, rule);
      }
      filter = out.export();
    } catch (LibSeccomp.SeccompException e) {
      throw new SeccompProfileException(
          "seccomp profile " + profile.name() + ": " + e.getMessage(), e);
    }
    Action byDefault = profile.defaultAction();
    if (byDefault.lets()) {
      return new SeccompFilter(filter, flags());
    }
    byte[] stub = EnosysStub.of(largest(rules, arches));
    byte[] both = new byte[stub.length + filter.length];
    System.arraycopy(stub, 0, both, 0, stub.length);
    System.arraycopy(filter, 0, both, stub.length, filter.length);
    return new SeccompFilter(both, flags());
  }

  /** The architectures to filter, the native one first; libseccomp's tokens. */
  private Set<Integer> arches() throws IOException {
    int own = (int) context.arch().auditArch();
    Set<Integer> out = new LinkedHashSet<>();
    out.add(own);
    List<String> names = new ArrayList<>(profile.architectures());
    profile
        .archMap()
        .forEach(
            (name, sub) -> {
              if (token(name) == own) {
                names.addAll(sub);
              }
            });
    for (String name : names) {
      int token = name.startsWith("SCMP_ARCH_") ? token(name) : 0;
      if (token == 0 && !KNOWN.contains(name)) {
        throw new SeccompProfileException(
            "seccomp profile " + profile.name() + ": unknown architecture " + name);
      }
      if (token != 0) {
        out.add(token);
      }
    }
    return out;
  }

  /** Known to the OCI but not to every libseccomp: no process of theirs can run here. */
  private static final Set<String> KNOWN =
      Set.of("SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH");

  private static int token(String name) {
    String bare = name.startsWith("SCMP_ARCH_") ? name.substring("SCMP_ARCH_".length()) : name;
    return LibSeccomp.arch(bare.toLowerCase(Locale.ROOT));
  }

  private void add(LibSeccomp.Filter out, Rule rule) throws IOException {
    if (rule.action().equals(profile.defaultAction())) {
      return; // libseccomp refuses what changes nothing
    }
    for (String name : rule.names()) {
      int number = LibSeccomp.syscall(name);
      if (number == LibSeccomp.UNKNOWN) {
        continue; // a call that this libseccomp doesn't know: the stub answers ENOSYS or so
      }
      try {
        add(out, rule, number);
      } catch (LibSeccomp.SeccompException e) {
        throw new SeccompProfileException(
            "seccomp profile "
                + profile.name()
                + ": "
                + rule.where()
                + ": "
                + name
                + ": "
                + e.getMessage(),
            e);
      }
    }
  }

  private static void add(LibSeccomp.Filter out, Rule rule, int number)
      throws LibSeccomp.SeccompException {
    List<LibSeccomp.Condition> conditions =
        rule.arguments().stream().map(a -> condition(a)).toList();
    long distinct = rule.arguments().stream().map(Argument::index).distinct().count();
    if (distinct == conditions.size()) {
      out.addRule(rule.action().value(), number, conditions);
      return;
    }
    // an argument that is compared twice can't be said in one rule: each on its own, as runc does
    for (LibSeccomp.Condition condition : conditions) {
      out.addRule(rule.action().value(), number, List.of(condition));
    }
  }

  private static LibSeccomp.Condition condition(Argument a) {
    return new LibSeccomp.Condition(a.index(), a.comparison().number(), a.value(), a.valueTwo());
  }

  private static List<EnosysStub.Largest> largest(List<Rule> rules, Set<Integer> arches) {
    List<EnosysStub.Largest> out = new ArrayList<>();
    for (int arch : arches) {
      int most = -1;
      for (Rule rule : rules) {
        for (String name : rule.names()) {
          most = Math.max(most, LibSeccomp.syscall(arch, name));
        }
      }
      boolean x32 = arch == LibSeccomp.ARCH_X32;
      if (most >= 0) {
        out.add(new EnosysStub.Largest(x32 ? LibSeccomp.ARCH_X86_64 : arch, x32, most));
      }
    }
    return out;
  }

  /** SPEC_ALLOW unless the profile says otherwise, as runc: the mitigation costs much. */
  private int flags() throws SeccompProfileException {
    List<String> named = profile.flags();
    if (named == null) {
      return FLAG_SPEC_ALLOW;
    }
    int flags = 0;
    for (String flag : named) {
      flags |=
          switch (flag) {
            // one thread: there is nothing to synchronise, and no listener to wait for
            case "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" -> 0;
            case "SECCOMP_FILTER_FLAG_LOG" -> FLAG_LOG;
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW" -> FLAG_SPEC_ALLOW;
            default ->
                throw new SeccompProfileException(
                    "seccomp profile " + profile.name() + ": flags: unknown flag " + flag);
          };
    }
    return flags;
  }
}
