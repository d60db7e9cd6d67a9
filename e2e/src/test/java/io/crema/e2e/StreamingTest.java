package io.crema.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.crema.e2e.Pods.Pod;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** crictl exec, attach and port-forward, over SPDY and over WebSocket. */
@InNode
class StreamingTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Node node;
  private final Daemon daemon;
  private final Crictl crictl;
  private final Pods pods;
  private final List<Process> clients = new ArrayList<>();

  StreamingTest(Node node, Daemon daemon) {
    this.node = node;
    this.daemon = daemon;
    crictl = daemon.crictl();
    pods = new Pods(daemon);
  }

  @BeforeEach
  void pull() {
    crictl.ok("pull", Node.BUSYBOX);
  }

  @AfterEach
  void removePods() throws InterruptedException {
    for (Process client : clients) {
      client.destroyForcibly().waitFor();
    }
    crictl.removeEverything();
  }

  private List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(crictl.program().toString());
    command.add("--config=" + crictl.socket().resolveSibling("crictl.yaml"));
    command.addAll(List.of(arguments));
    return command;
  }

  /** A crictl that goes on until the test ends it. */
  private Process client(ProcessBuilder.Redirect input, String... arguments) throws IOException {
    Process client =
        new ProcessBuilder(command(arguments))
            .redirectInput(input)
            .redirectErrorStream(true)
            .start();
    clients.add(client);
    return client;
  }

  private String sleeper(String name) {
    return pods.start(pods.run(name), "c", Node.BUSYBOX, List.of("sleep", "3600"));
  }

  /** Reads until {@code text} was seen. */
  private static String until(InputStream in, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int c = in.read();
      if (c < 0) {
        throw new AssertionError("ended before \"" + text + "\": " + seen);
      }
      seen.append((char) c);
    }
    return seen.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spdy", "websocket"})
  void execBringsBothOutputsAndTheExitCode(String transport) {
    String id = sleeper("exec-" + transport);
    Command.Result result =
        crictl.run(
            "exec", "--transport=" + transport, id, "sh", "-c", "echo out; echo err >&2; exit 7");
    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.failed()).contains("err\n").contains("exit code 7");
    assertThat(crictl.run("exec", "--transport=" + transport, id, "/no/such").failed())
        .contains("/no/such");
    assertThat(crictl.ok("exec", "--transport=" + transport, id, "true")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spdy", "websocket"})
  void aHundredMegabytesPassThroughExecUnchanged(String transport) throws Exception {
    String id = sleeper("large-" + transport);
    Path in = daemon.directory().resolve("in");
    Path out = daemon.directory().resolve("out");
    byte[] block = new byte[1 << 20];
    Random random = new Random(42);
    try (OutputStream file = Files.newOutputStream(in)) {
      for (int i = 0; i < 100; i++) {
        random.nextBytes(block);
        file.write(block);
      }
    }
    Process cat =
        new ProcessBuilder(command("exec", "-i", "--transport=" + transport, id, "cat"))
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    clients.add(cat);
    assertThat(cat.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(cat.exitValue()).isZero();
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
  }

  @Test
  void execEndsWithItsFirstProcessWhoeverHoldsItsOutput() {
    String id = sleeper("background");
    long before = System.nanoTime();
    assertThat(crictl.ok("exec", id, "sh", "-c", "sleep 3600 & echo started")).isEqualTo("started");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @ValueSource(strings = {"spdy", "websocket"})
  void aTerminalHasTheClientsSizeAndFollowsIt(String transport) throws IOException {
    String id = sleeper("tty-" + transport);
    String exec =
        String.join(" ", command("exec", "-it", "--transport=" + transport, id, "sh", "-c"));
    String inside =
        "until stty size | grep -q \"30 90\"; do sleep 0.1; done; echo sized; tty;"
            + " until stty size | grep -q \"45 123\"; do sleep 0.1; done; echo resized; exit 3";
    // The outer shell, and crictl with it, has script's terminal, whose size it changes.
    Path script = daemon.directory().resolve("tty.sh");
    Files.writeString(
        script,
        "stty rows 30 cols 90\n(sleep 2; stty rows 45 cols 123 < /dev/tty) &\n"
            + exec
            + " '"
            + inside
            + "'\n");
    Command.Result result = Command.run("script", "-qec", "sh " + script, "/dev/null");
    assertThat(result.out())
        .contains("sized\r\n")
        .contains("/dev/pts/0")
        .contains("resized\r\n")
        .contains("exit code 3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"spdy", "websocket"})
  void inputThatIsOpenOnceEndsWithItsFirstClient(String transport) throws Exception {
    Pod pod = pods.run("once-" + transport);
    String id =
        pods.start(
            pod,
            "c",
            List.of("sh", "-c", "while read x; do echo got $x; done; echo end"),
            Map.of("stdin", true, "stdin_once", true));
    Path in = daemon.directory().resolve("lines");
    Files.writeString(in, "one\ntwo\n");
    Process attached =
        client(
            ProcessBuilder.Redirect.from(in.toFile()),
            "attach",
            "-i",
            "--transport=" + transport,
            id);
    assertThat(new String(attached.getInputStream().readAllBytes(), UTF_8))
        .isEqualTo("got one\ngot two\nend\n");
    assertThat(attached.waitFor()).isZero();
    assertThat(Pods.logged(pod, "c")).containsExactly("got one", "got two", "end");
  }

  @Test
  void severalClientsSeeTheOutputAndTheContainerSurvivesThem() throws Exception {
    Pod pod = pods.run("several");
    String id =
        pods.start(
            pod,
            "c",
            List.of("sh", "-c", "while read x; do echo got $x; done"),
            Map.of("stdin", true));
    ProcessBuilder.Redirect nothing = ProcessBuilder.Redirect.from(new File("/dev/null"));
    Process first = client(nothing, "attach", id);
    Process second = client(nothing, "attach", "--transport=websocket", id);
    Process typist = client(ProcessBuilder.Redirect.PIPE, "attach", "-i", id);
    OutputStream keyboard = typist.getOutputStream();
    // Each is attached once it sees an answer.
    Await.until(
        "both clients see the output",
        LIMIT,
        () -> type(keyboard) && has(first.getInputStream()) && has(second.getInputStream()));
    until(first.getInputStream(), "got one\n");
    until(second.getInputStream(), "got one\n");
    first.destroy();
    second.destroyForcibly();
    keyboard.close(); // such a container's input outlives its clients
    assertThat(typist.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(crictl.json("inspect", id).at("/status/state").asString())
        .isEqualTo("CONTAINER_RUNNING");
  }

  private static boolean type(OutputStream keyboard) {
    try {
      keyboard.write("one\n".getBytes(UTF_8));
      keyboard.flush();
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean has(InputStream in) {
    try {
      return in.available() > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aRestartedDaemonServesTheContainersOfTheOneBefore() throws Exception {
    Pod pod = pods.run("restart");
    String id =
        pods.start(
            pod,
            "c",
            List.of("sh", "-c", "while read x; do echo got $x; done"),
            Map.of("stdin", true, "stdin_once", true));
    daemon.kill();
    daemon.start();
    assertThat(crictl.ok("exec", id, "echo", "hello")).isEqualTo("hello");
    Path in = daemon.directory().resolve("after");
    Files.writeString(in, "after\n");
    Process attached = client(ProcessBuilder.Redirect.from(in.toFile()), "attach", "-i", id);
    assertThat(new String(attached.getInputStream().readAllBytes(), UTF_8))
        .isEqualTo("got after\n");
  }

  @Test
  void aClientThatDoesNotReadStopsTheWriterAndTheDaemonStaysSmall() throws Exception {
    String id = sleeper("unread");
    Process client =
        client(ProcessBuilder.Redirect.from(new File("/dev/null")), "exec", id, "cat", "/dev/zero");
    client.getInputStream().readNBytes(8 << 20);
    ProcessHandle writer = Await.value("the writer runs", LIMIT, StreamingTest::zeroReader);
    long[] last = {-1};
    Await.until(
        "the writer is stopped",
        LIMIT,
        () -> {
          long now = readSoFar(writer);
          boolean same = now == last[0];
          last[0] = now;
          return same;
        });
    // What was written is in pipes and sockets: not in the daemon.
    assertThat(last[0]).isLessThan(8 << 20 | 24 << 20);
    client.destroyForcibly().waitFor();
    Await.until("the writer's pipe breaks", LIMIT, () -> !writer.isAlive());
  }

  private static Optional<ProcessHandle> zeroReader() {
    return ProcessHandle.allProcesses()
        .filter(
            p -> {
              try {
                return Files.readString(Path.of("/proc/" + p.pid() + "/cmdline"))
                    .equals("cat\0/dev/zero\0");
              } catch (IOException e) {
                return false; // has ended meanwhile
              }
            })
        .findFirst();
  }

  private static long readSoFar(ProcessHandle process) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/io"))) {
      return lines
          .filter(l -> l.startsWith("rchar: "))
          .mapToLong(l -> Long.parseLong(l.substring(7)))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final Pattern FORWARDING = Pattern.compile("127\\.0\\.0\\.1:([0-9]+) ->");

  /** The local port that leads to {@code port} of the pod. */
  private int forward(Pod pod, int port, String transport) throws IOException {
    Process client =
        client(
            ProcessBuilder.Redirect.from(new File("/dev/null")),
            "port-forward",
            "--transport=" + transport,
            pod.id(),
            ":" + port);
    Matcher line = FORWARDING.matcher(until(client.getInputStream(), "-> " + port + "\n"));
    assertThat(line.find()).isTrue();
    return Integer.parseInt(line.group(1));
  }

  private static String get(int port) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"spdy", "websocket"})
  void manyConnectionsGoThroughOneForwarding(String transport) throws Exception {
    crictl.ok("pull", Node.NGINX);
    Pod pod = pods.run("forward-" + transport);
    pods.start(pod, "web", Node.NGINX, List.of());
    int local = forward(pod, 80, transport);
    Await.until("nginx listens", LIMIT, () -> listens(pod));
    for (int i = 0; i < 20; i++) {
      assertThat(get(local)).contains("Welcome to nginx!");
    }
  }

  /** Whether something in the pod takes connections on port 80 (0050), by /proc/net/tcp. */
  private boolean listens(Pod pod) {
    String container = crictl.ids("ps", "-q", "--pod", pod.id()).getFirst();
    return crictl.ok("exec", "-s", container, "cat", "/proc/net/tcp").contains(":0050 ");
  }

  @Test
  void aServerOnTheIpv6LoopbackOnlyIsReached() throws Exception {
    Pod pod = pods.run("forward6");
    String id =
        pods.start(
            pod,
            "c",
            Node.BUSYBOX,
            List.of("sh", "-c", "echo six > /tmp/index.html; exec httpd -f -p [::1]:8080 -h /tmp"));
    int local = forward(pod, 8080, "spdy");
    Await.until(
        "httpd listens",
        LIMIT,
        () -> crictl.ok("exec", "-s", id, "cat", "/proc/net/tcp6").contains(":1F90 "));
    assertThat(get(local)).contains("six");
  }

  @Test
  void aPodOnTheHostsNetworkIsForwardedTo() throws Exception {
    crictl.ok("pull", Node.NGINX);
    Pod pod =
        pods.run(
            "host",
            Map.of(
                "linux",
                Map.of("security_context", Map.of("namespace_options", Map.of("network", 2)))));
    String id = pods.start(pod, "web", Node.NGINX, List.of());
    int local = forward(pod, 80, "spdy");
    Await.until(
        "nginx listens",
        LIMIT,
        () -> crictl.ok("exec", "-s", id, "cat", "/proc/net/tcp").contains(":0050 "));
    assertThat(get(local)).contains("Welcome to nginx!");
  }

  @Test
  void whatIsNotRunningIsRefusedAtOnce() {
    Pod pod = pods.run("refused");
    String id = pods.create(pod, "c", Node.BUSYBOX, List.of("sleep", "3600"));
    assertThat(crictl.run("exec", id, "true").failed()).contains("CREATED, not RUNNING");
    assertThat(crictl.run("attach", id).failed()).contains("CREATED, not RUNNING");
    crictl.ok("stopp", pod.id());
    assertThat(crictl.run("port-forward", pod.id(), ":80").failed()).contains("not READY");
    assertThat(node.clients()).isDirectory();
  }
}
