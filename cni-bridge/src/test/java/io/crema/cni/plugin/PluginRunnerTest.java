package io.crema.cni.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.NetworkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PluginRunnerTest {
  @TempDir Path dir;
  private FakePlugins fakes;
  private PluginRunner runner;

  @BeforeEach
  void make() throws IOException {
    fakes = new FakePlugins(dir);
    runner = new PluginRunner(List.of(dir.resolve("empty"), fakes.bin()), dir.resolve("run"));
  }

  @AfterEach
  void noFileOfACallIsLeft() {
    if (Files.exists(dir.resolve("run"))) {
      assertThat(dir.resolve("run")).isEmptyDirectory();
    }
  }

  private String run(String verb, Duration timeout) throws NetworkException, InterruptedException {
    return runner
        .run(
            "p",
            verb,
            Map.of("CNI_CONTAINERID", "c", "CNI_IFNAME", "eth0"),
            NetworkList.object("{\"a\":1}"),
            timeout)
        .toString();
  }

  private String run() throws NetworkException, InterruptedException {
    return run("ADD", Duration.ofSeconds(30));
  }

  @Test
  void theEnvironmentIsWhatCniSaysAndPath() throws Exception {
    fakes.plugin("p", "echo '{\"ok\": true}'; echo hello >&2");
    assertThat(run()).isEqualTo("{\"ok\":true}");
    assertThat(fakes.calls()).containsExactly("ADD p {\"a\":1}");
    assertThat(fakes.environment("p", "ADD"))
        .contains(
            "CNI_COMMAND=ADD",
            "CNI_CONTAINERID=c",
            "CNI_IFNAME=eth0",
            "CNI_PATH=" + dir.resolve("empty") + ":" + fakes.bin())
        .allMatch(v -> v.matches("(CNI_[A-Z]+|PATH|PWD|SHLVL|OLDPWD|_)=.*"));
  }

  @Test
  void nothingPrintedIsAnEmptyAnswer() throws Exception {
    fakes.plugin("p", "");
    assertThat(run()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "echo '{\"code\":7,\"msg\":\"bad subnet\",\"details\":\"x/33\"}'; exit 1 | SYSTEM | code 7: bad subnet; x/33",
        "echo '{\"code\":11,\"msg\":\"not yet\"}'; exit 1     | UNAVAILABLE | code 11: not yet",
        "echo '{\"code\":50,\"msg\":\"no agent\"}'; exit 1    | UNAVAILABLE | code 50: no agent",
        "echo '{\"code\":\"x\"}'; exit 3                      | SYSTEM      | code 0",
        "echo oops >&2; exit 4                                | SYSTEM      | exit status 4: oops",
        "echo 'panic: nil'; exit 2                            | SYSTEM      | exit status 2: panic: nil",
        "exit 9                                               | SYSTEM      | exit status 9",
        "kill -SEGV $$                                        | SYSTEM      | killed by signal 11",
        "echo 'not json'                                      | SYSTEM      | what it printed can't be read",
        "echo '[1,2]'                                         | SYSTEM      | what it printed can't be read",
        "head -c 3000000 /dev/zero                              | SYSTEM      | what it printed can't be read",
      })
  void failuresNameThePluginAndSayWhy(String script, NetworkException.Kind kind, String why)
      throws Exception {
    fakes.plugin("p", script);
    assertThatThrownBy(this::run)
        .isInstanceOf(NetworkException.class)
        .hasMessageStartingWith("CNI plugin p (ADD): ")
        .hasMessageContaining(why)
        .hasFieldOrPropertyWithValue("kind", kind);
  }

  @Test
  void aPluginThatRefusesTheVersionIsAskedForThoseThatItKnows() throws Exception {
    fakes.plugin(
        "p",
        """
        if [ $CNI_COMMAND = VERSION ]; then echo '{"supportedVersions":["0.3.1","0.4.0"]}'; exit 0; fi
        echo '{"code":1,"msg":"incompatible CNI versions"}'; exit 1
        """);
    assertThatThrownBy(this::run)
        .hasMessage(
            "CNI plugin p (ADD): code 1: incompatible CNI versions"
                + " (the plugin knows [\"0.3.1\",\"0.4.0\"])");
  }

  @Test
  void aPluginThatIsntInstalledIsNamedWithWhereItWasLookedFor() {
    assertThatThrownBy(this::run)
        .hasMessage(
            "CNI plugin p (ADD): there is no program p in "
                + dir.resolve("empty")
                + ":"
                + fakes.bin())
        .hasFieldOrPropertyWithValue("kind", NetworkException.Kind.UNAVAILABLE);
  }

  @Test
  void aPluginThatHangsIsKilledWithItsChildren() throws Exception {
    fakes.plugin("p", "sleep 1000 & echo $! > " + dir.resolve("child") + "; sleep 1000");
    assertThatThrownBy(() -> run("DEL", Duration.ofMillis(700)))
        .hasMessage("CNI plugin p (DEL): had not ended after 0.7 s and was killed");
    long child = Long.parseLong(Files.readString(dir.resolve("child")).strip());
    ProcessHandle.of(child).ifPresent(c -> c.onExit().join());
  }

  @Test
  void aHelperThatAPluginLeavesBehindHoldsNobodyUp() throws Exception {
    fakes.plugin("p", "sleep 1000 & echo $! > " + dir.resolve("child") + "; echo '{}'");
    assertThat(run()).isEqualTo("{}");
    long child = Long.parseLong(Files.readString(dir.resolve("child")).strip());
    ProcessHandle.of(child).orElseThrow().destroyForcibly();
  }

  @Test
  void anInterruptedCallerLeavesNoPlugin() throws Exception {
    fakes.plugin("p", "echo $$ > " + dir.resolve("self") + "; kill -STOP $$; sleep 1000");
    Thread caller =
        Thread.ofPlatform()
            .unstarted(
                () -> assertThatThrownBy(this::run).isInstanceOf(InterruptedException.class));
    caller.start();
    while (!Files.exists(dir.resolve("self")) || Files.size(dir.resolve("self")) == 0) {
      Thread.onSpinWait();
    }
    long self = Long.parseLong(Files.readString(dir.resolve("self")).strip());
    caller.interrupt();
    caller.join();
    ProcessHandle.of(self).ifPresent(c -> c.onExit().join());
  }
}
