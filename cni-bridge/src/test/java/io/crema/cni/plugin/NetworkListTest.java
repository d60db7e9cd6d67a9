package io.crema.cni.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkListTest {
  private static final String LIST =
      """
      {"cniVersion": "1.0.0", "name": "podnet", "disableCheck": "true",
       "plugins": [{"type": "bridge", "ipam": {"type": "host-local"}}, {"type": "portmap"}]}
      """;

  @TempDir Path dir;

  @Test
  void theFirstFileInLexicalOrderCounts() throws IOException {
    Files.writeString(dir.resolve("20-b.conflist"), LIST.replace("podnet", "second"));
    Files.writeString(dir.resolve("10-a.conflist"), LIST);
    Files.writeString(dir.resolve("05-not-one.txt"), "nothing");
    Files.createDirectory(dir.resolve("01-directory.conf"));
    NetworkList network = new ConfDirectory(dir).load().orElseThrow();
    assertThat(network.name()).isEqualTo("podnet");
    assertThat(network.version()).isEqualTo(new CniVersion(1, 0, 0));
    assertThat(network.disableCheck()).isTrue();
    assertThat(network.disableGc()).isFalse();
    assertThat(List.of(network.type(0), network.type(1))).containsExactly("bridge", "portmap");
  }

  @Test
  void aBadFirstFileIsAnErrorAndNotPassedOver() throws IOException {
    Files.writeString(dir.resolve("10-a.conflist"), LIST.replace("\"type\": \"portmap\"", ""));
    Files.writeString(dir.resolve("20-b.conflist"), LIST);
    assertThatThrownBy(() -> new ConfDirectory(dir).load())
        .hasMessage(
            "CNI configuration "
                + dir.resolve("10-a.conflist")
                + ": plugin 1 has no \"type\" that is a program's name");
  }

  @Test
  void noDirectoryAndNoFileMeanNoNetwork() throws IOException {
    assertThat(new ConfDirectory(dir).load()).isEmpty();
    assertThat(new ConfDirectory(dir.resolve("none")).load()).isEmpty();
  }

  @Test
  void aSinglePluginIsAListOfOne() throws IOException {
    Files.writeString(
        dir.resolve("10.conf"), "{\"cniVersion\":\"0.3.1\",\"name\":\"n\",\"type\":\"macvlan\"}");
    NetworkList network = new ConfDirectory(dir).load().orElseThrow();
    assertThat(network.plugins()).hasSize(1);
    NetworkList again = NetworkList.ofList("cache", network.toJson(), List.of());
    assertThat(again.plugins()).isEqualTo(network.plugins());
    assertThat(again.version()).isEqualTo(network.version());
  }

  @Test
  void pluginsOfADirectoryOfTheNetworksNameFollowThoseOfTheList() throws IOException {
    Files.writeString(dir.resolve("10.conflist"), LIST);
    Files.createDirectory(dir.resolve("podnet"));
    Files.writeString(dir.resolve("podnet/10.conf"), "{\"type\":\"tuning\"}");
    assertThat(new ConfDirectory(dir).load().orElseThrow().plugins()).hasSize(3);
    Files.writeString(
        dir.resolve("10.conflist"),
        LIST.replace("{\"cni", "{\"loadOnlyInlinedPlugins\":true,\"cni"));
    assertThat(new ConfDirectory(dir).load().orElseThrow().plugins()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"cniVersion\":\"0.3.1\"                                       | 0.3.1",
        "\"cniVersion\":\"1.1.0\"                                       | 1.1.0",
        "\"cniVersion\":\"0.4.0\",\"cniVersions\":[\"1.0.0\",\"0.3.1\"] | 1.0.0",
        "\"cniVersions\":[\"0.4.0\",\"1.1.0\",\"9.0.0\"]                | 1.1.0",
        "\"x\":0                                                        | 0.1.0",
      })
  void theNewestVersionThatBothKnowIsTaken(String offered, String taken) {
    assertThat(
            NetworkList.ofPlugin("f", "{\"name\":\"n\",\"type\":\"t\"," + offered + "}").version())
        .hasToString(taken);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                                       | it is not JSON",
        "[]                                                      | it is not a JSON object",
        "{\"type\":\"t\"}                                        | \"name\" is null",
        "{\"name\":\"../x\",\"type\":\"t\"}                      | letters, digits",
        "{\"name\":\"n\",\"type\":\"../sh\"}                     | no \"type\" that is a program's name",
        "{\"name\":\"n\",\"type\":\"\"}                          | no \"type\" that is a program's name",
        "{\"name\":\"n\",\"plugins\":[]}                         | its name must end in .conflist",
        "{\"name\":\"n\",\"type\":\"t\",\"cniVersion\":\"2.0.0\"}| Crema knows up to 1.1.0",
        "{\"name\":\"n\",\"type\":\"t\",\"cniVersion\":1}        | not of the form 1.0.0",
      })
  void whatIsWrongIsSaid(String text, String problem) {
    assertThatThrownBy(() -> NetworkList.ofPlugin("f", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  /** Whatever is in the file, it is a network or a problem that is said. */
  @Test
  void damagedFilesNeverEscape() {
    Random random = new Random(11);
    for (int i = 0; i < 5000; i++) {
      char[] text = LIST.toCharArray();
      for (int n = random.nextInt(4); n >= 0; n--) {
        text[random.nextInt(text.length)] = "{}[]\",:0tn\u0000x".charAt(random.nextInt(12));
      }
      try {
        assertThat(NetworkList.ofList("f", new String(text), List.of()).plugins()).isNotEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageMatching("(?s).{10,}");
      }
    }
  }
}
