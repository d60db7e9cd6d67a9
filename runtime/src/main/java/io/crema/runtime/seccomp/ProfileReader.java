package io.crema.runtime.seccomp;

import io.crema.runtime.seccomp.SeccompProfile.Action;
import io.crema.runtime.seccomp.SeccompProfile.Argument;
import io.crema.runtime.seccomp.SeccompProfile.Comparison;
import io.crema.runtime.seccomp.SeccompProfile.Condition;
import io.crema.runtime.seccomp.SeccompProfile.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a profile. Unknown keys are passed over, as every runtime does. */
final class ProfileReader {
  private static final int EPERM = 1;
  private static final int ERRNO_MAX = 4095;

  private final String name;

  private ProfileReader(String name) {
    this.name = name;
  }

  /**
   * @param name how messages call the profile: its path
   */
  static SeccompProfile read(String name, byte[] json) throws SeccompProfileException {
    return new ProfileReader(name).profile(ProfileJson.parse(name, json));
  }

  private SeccompProfileException wrong(String where, String why) {
    return new SeccompProfileException("seccomp profile " + name + ": " + where + ": " + why);
  }

  private SeccompProfile profile(Map<String, @Nullable Object> json)
      throws SeccompProfileException {
    Object listener = json.get("listenerPath");
    if (listener != null && !listener.equals("")) {
      throw wrong(
          "listenerPath",
          "profiles that ask a process to decide (SCMP_ACT_NOTIFY) aren't supported");
    }
    Action byDefault =
        action("defaultAction", json.get("defaultAction"), json.get("defaultErrnoRet"));
    Map<String, List<String>> archMap = new LinkedHashMap<>();
    for (Object entry : ProfileJson.list(name, "archMap", json.get("archMap"))) {
      Map<String, @Nullable Object> map = ProfileJson.object(name, "archMap", entry);
      archMap.put(
          ProfileJson.string(name, "archMap: architecture", map.get("architecture")),
          ProfileJson.strings(name, "archMap: subArchitectures", map.get("subArchitectures")));
    }
    List<Rule> rules = new ArrayList<>();
    int i = 0;
    for (Object entry : ProfileJson.list(name, "syscalls", json.get("syscalls"))) {
      String where = "syscalls[" + i++ + "]";
      rules.add(rule(where, ProfileJson.object(name, where, entry)));
    }
    return new SeccompProfile(
        name,
        byDefault,
        ProfileJson.strings(name, "architectures", json.get("architectures")),
        archMap,
        json.get("flags") == null ? null : ProfileJson.strings(name, "flags", json.get("flags")),
        rules);
  }

  private Rule rule(String where, Map<String, @Nullable Object> json)
      throws SeccompProfileException {
    Set<String> names =
        new LinkedHashSet<>(ProfileJson.strings(name, where + ".names", json.get("names")));
    if (json.get("name") != null) {
      names.add(ProfileJson.string(name, where + ".name", json.get("name")));
    }
    if (names.isEmpty() || names.contains("")) {
      throw wrong(where, "it names no system call");
    }
    String place = where + " (" + names.iterator().next() + (names.size() > 1 ? ", …)" : ")");
    List<Argument> arguments = new ArrayList<>();
    for (Object entry : ProfileJson.list(name, place + ".args", json.get("args"))) {
      arguments.add(argument(place, ProfileJson.object(name, place + ".args", entry)));
    }
    return new Rule(
        place,
        names,
        action(place + ".action", json.get("action"), json.get("errnoRet")),
        arguments,
        condition(place + ".includes", json.get("includes")),
        condition(place + ".excludes", json.get("excludes")));
  }

  private Argument argument(String where, Map<String, @Nullable Object> json)
      throws SeccompProfileException {
    long index = ProfileJson.number(name, where + ".args.index", json.get("index"));
    if (index < 0 || index > 5) {
      throw wrong(where + ".args.index", "expected 0 to 5, not " + Long.toUnsignedString(index));
    }
    String op = ProfileJson.string(name, where + ".args.op", json.get("op"));
    Comparison comparison;
    try {
      comparison = Comparison.valueOf(op);
    } catch (IllegalArgumentException e) {
      throw new SeccompProfileException(
          "seccomp profile " + name + ": " + where + ".args.op: unknown comparison " + op, e);
    }
    return new Argument(
        (int) index,
        comparison,
        ProfileJson.number(name, where + ".args.value", json.get("value")),
        ProfileJson.number(name, where + ".args.valueTwo", json.get("valueTwo")));
  }

  private Condition condition(String where, @Nullable Object json) throws SeccompProfileException {
    if (json == null) {
      return Condition.NONE;
    }
    Map<String, @Nullable Object> map = ProfileJson.object(name, where, json);
    Object kernel = map.get("minKernel");
    return new Condition(
        ProfileJson.strings(name, where + ".caps", map.get("caps")),
        ProfileJson.strings(name, where + ".arches", map.get("arches")),
        kernel == null ? "" : ProfileJson.string(name, where + ".minKernel", kernel));
  }

  private Action action(String where, @Nullable Object json, @Nullable Object errno)
      throws SeccompProfileException {
    String action = ProfileJson.string(name, where, json);
    long number = errno == null ? EPERM : ProfileJson.number(name, where + ": errnoRet", errno);
    if (number < 0 || number > ERRNO_MAX) {
      throw wrong(where, "errnoRet: expected 0 to " + ERRNO_MAX);
    }
    return switch (action) {
      case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD" -> new Action(0);
      case "SCMP_ACT_KILL_PROCESS" -> new Action(0x80000000);
      case "SCMP_ACT_TRAP" -> new Action(0x00030000);
      case "SCMP_ACT_ERRNO" -> new Action(Action.ERRNO | (int) number);
      case "SCMP_ACT_TRACE" -> new Action(0x7ff00000 | (int) number);
      case "SCMP_ACT_LOG" -> new Action(0x7ffc0000);
      case "SCMP_ACT_ALLOW" -> new Action(0x7fff0000);
      case "SCMP_ACT_NOTIFY" ->
          throw wrong(
              where, "profiles that ask a process to decide (SCMP_ACT_NOTIFY) aren't supported");
      default -> throw wrong(where, "unknown action " + action);
    };
  }
}
