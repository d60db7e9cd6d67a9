package io.crema.cni.plugin;

import io.crema.cni.NetworkException;
import io.crema.cni.NetworkException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs plugins' programs. Their environment is what CNI says and PATH, nothing of the daemon's.
 *
 * <p>What a plugin reads and writes are files, not pipes: a helper that it leaves behind, with its
 * output open, then holds nobody up. They are removed as soon as the plugin has ended.
 */
public final class PluginRunner {
  private static final Logger LOG = System.getLogger("io.crema.cni");
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int TRY_AGAIN_LATER = 11;
  private static final int PLUGIN_NOT_AVAILABLE = 50;
  private static final int INCOMPATIBLE_VERSION = 1;
  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final List<Path> binDirs;
  private final Path runDir;

  /**
   * @param binDirs where programs are looked for, the first that has one wins
   * @param runDir gone at reboot; made when it isn't there
   */
  public PluginRunner(List<Path> binDirs, Path runDir) {
    this.binDirs = List.copyOf(binDirs);
    this.runDir = runDir;
  }

  /** The program of a plugin, if it is installed. */
  public @Nullable Path find(String type) {
    for (Path dir : binDirs) {
      Path program = dir.resolve(type);
      if (Files.isRegularFile(program)) {
        return program;
      }
    }
    return null;
  }

  /** The directories as CNI_PATH and messages have them. */
  public String path() {
    return binDirs.stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  /**
   * Runs a plugin to its end.
   *
   * @param verb ADD, DEL, CHECK, STATUS, GC, VERSION
   * @param environment CNI_* for this call, without CNI_COMMAND and CNI_PATH
   * @param timeout then it is killed
   * @return what it printed, an empty object if nothing
   * @throws NetworkException if it failed: which plugin, its code and its words
   */
  public ObjectNode run(
      String type,
      String verb,
      Map<String, String> environment,
      ObjectNode configuration,
      Duration timeout)
      throws NetworkException, InterruptedException {
    String what = "CNI plugin " + type + " (" + verb + ")";
    Path program = find(type);
    if (program == null) {
      throw new NetworkException(
          Kind.UNAVAILABLE, what + ": there is no program " + type + " in " + path());
    }
    try (Files3 files = Files3.make(runDir, configuration.toString())) {
      int status = await(what, start(program, verb, environment, files), timeout);
      String out = read(files.out());
      String err = read(files.err()).strip();
      if (status != 0) {
        throw failed(what, type, status, out, err);
      }
      if (!err.isEmpty()) {
        LOG.log(Level.DEBUG, "{0} says: {1}", what, err);
      }
      return out.isBlank() ? NetworkList.object("{}") : NetworkList.object(out);
    } catch (IllegalArgumentException e) {
      throw new NetworkException(
          Kind.SYSTEM, what + ": ended well, but what it printed can't be read: " + why(e), e);
    } catch (IOException e) {
      throw new NetworkException(Kind.SYSTEM, what + ": " + e.getMessage(), e);
    }
  }

  private static String why(Exception e) {
    return String.valueOf(e.getMessage());
  }

  private Process start(Path program, String verb, Map<String, String> environment, Files3 files)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(program.toString())
            .directory(Path.of("/").toFile())
            .redirectInput(files.in().toFile())
            .redirectOutput(files.out().toFile())
            .redirectError(files.err().toFile());
    Map<String, String> env = builder.environment();
    env.clear();
    env.putAll(new TreeMap<>(environment));
    env.put("CNI_COMMAND", verb);
    env.put("CNI_PATH", path());
    env.put("PATH", System.getenv().getOrDefault("PATH", SYSTEM_PATH) + ":/usr/sbin:/sbin");
    return builder.start();
  }

  private static int await(String what, Process process, Duration timeout)
      throws NetworkException, InterruptedException {
    try {
      if (process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      kill(process);
      throw e;
    }
    kill(process);
    throw new NetworkException(
        Kind.UNAVAILABLE,
        what + ": had not ended after %.1f s and was killed".formatted(timeout.toMillis() / 1e3));
  }

  /** With the programs that it runs itself, such as an address management plugin. */
  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private NetworkException failed(String what, String type, int status, String out, String err)
      throws InterruptedException {
    String end = status > 128 ? "killed by signal " + (status - 128) : "exit status " + status;
    ObjectNode error = null;
    try {
      error = out.isBlank() ? null : NetworkList.object(out);
    } catch (IllegalArgumentException e) {
      LOG.log(Level.DEBUG, "{0} failed and printed no CNI error: {1}", what, out);
    }
    if (error == null || !error.has("code")) {
      String said = err.isEmpty() ? out.strip() : err;
      return new NetworkException(
          Kind.SYSTEM, what + ": " + end + (said.isEmpty() ? "" : ": " + excerpt(said)));
    }
    int code = error.get("code").asInt(0);
    StringBuilder message = new StringBuilder(what).append(": code ").append(code);
    for (String key : List.of("msg", "details")) {
      JsonNode text = error.get(key);
      if (text != null && text.isString() && !text.stringValue().isEmpty()) {
        message.append(key.equals("msg") ? ": " : "; ").append(excerpt(text.stringValue()));
      }
    }
    if (code == INCOMPATIBLE_VERSION) {
      message.append(versions(type));
    }
    return new NetworkException(
        code == TRY_AGAIN_LATER || code == PLUGIN_NOT_AVAILABLE ? Kind.UNAVAILABLE : Kind.SYSTEM,
        message.toString());
  }

  /** What a plugin that refuses a version would take. */
  private String versions(String type) throws InterruptedException {
    try {
      ObjectNode ask = NetworkList.object("{\"cniVersion\":\"" + CniVersion.NEWEST + "\"}");
      JsonNode known =
          run(type, "VERSION", Map.of(), ask, Duration.ofSeconds(10)).get("supportedVersions");
      return known == null ? "" : " (the plugin knows " + known + ")";
    } catch (NetworkException e) {
      LOG.log(Level.DEBUG, "ask plugin " + type + " for its versions", e);
      return "";
    }
  }

  private static String excerpt(String text) {
    return text.length() <= 1000 ? text : text.substring(0, 1000) + " ...";
  }

  private static String read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
    }
  }

  /** A call's three files, readable by root only: configurations may have secrets in them. */
  private record Files3(Path dir, Path in, Path out, Path err) implements AutoCloseable {
    static Files3 make(Path runDir, String input) throws IOException {
      Path dir =
          Files.createTempDirectory(
              Files.createDirectories(runDir),
              "call",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files3 files = new Files3(dir, dir.resolve("in"), dir.resolve("out"), dir.resolve("err"));
      try {
        Files.writeString(files.in, input);
        Files.createFile(files.out);
        Files.createFile(files.err);
        return files;
      } catch (IOException e) {
        files.close();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      for (Path file : List.of(in, out, err, dir)) {
        Files.deleteIfExists(file);
      }
    }
  }
}
