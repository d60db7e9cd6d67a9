package io.crema.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttachmentStoreTest {
  @TempDir Path dir;

  private static Attachment attachment(String id, long sequence, String boot) {
    return new Attachment(
        Attachment.VERSION,
        boot,
        id,
        "default/" + id,
        sequence,
        "crm000000000000",
        "0a:58:0a:00:00:02",
        1500,
        List.of(new Attachment.Address("10.0.0." + sequence % 250, 24, "10.0.0.1")),
        List.of(new PortMapping(Protocol.SCTP, 80, 8080, "127.0.0.1")));
  }

  @Test
  void recordsComeBackInTheOrderOfTheirMaking() throws IOException {
    AttachmentStore store = new AttachmentStore(dir, "boot");
    Attachment b = attachment("b", 1, "boot");
    Attachment a = attachment("a", 2, "boot");
    store.write(a);
    store.write(b);
    assertThat(new AttachmentStore(dir, "boot").load()).containsExactly(b, a);
    store.delete("a");
    store.delete("a");
    assertThat(store.load()).containsExactly(b);
  }

  @Test
  void recordsOfAnotherBootAreDropped() throws IOException {
    new AttachmentStore(dir, "before").write(attachment("a", 1, "before"));
    assertThat(new AttachmentStore(dir, "now").load()).isEmpty();
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void oneBadRecordHarmsNoOther() throws IOException {
    AttachmentStore store = new AttachmentStore(dir, "boot");
    store.write(attachment("good", 1, "boot"));
    Files.writeString(dir.resolve("bad.json"), "{\"version\":");
    Files.writeString(dir.resolve("newer.json"), "{\"version\":99}");
    assertThat(store.load()).extracting(Attachment::sandboxId).containsExactly("good");
    assertThat(dir.resolve("bad.json.bad")).exists();
    assertThat(store.load()).hasSize(1);
  }

  static IntStream seeds() {
    return IntStream.range(0, 30);
  }

  /** Whatever part of a write a killed daemon got done, the next one reads all or nothing of it. */
  @ParameterizedTest
  @MethodSource("seeds")
  void aKilledWriteLeavesTheOldOrTheNew(int seed) throws IOException {
    Random random = new Random(seed);
    Map<String, Attachment> expected = new HashMap<>();
    for (int life = 0; life < 20; life++) {
      AttachmentStore store = new AttachmentStore(dir, "boot");
      assertThat(new HashSet<>(store.load())).isEqualTo(new HashSet<>(expected.values()));
      for (int i = 0; i < 5; i++) {
        String id = "s" + random.nextInt(8);
        if (random.nextBoolean()) {
          Attachment a = attachment(id, random.nextInt(1000), "boot");
          store.write(a);
          expected.put(id, a);
        } else {
          store.delete(id);
          expected.remove(id);
        }
      }
      // kill -9 within the next write: a part of the file that is written aside
      Attachment torn = attachment("s" + random.nextInt(8), 1, "boot");
      AttachmentStore elsewhere = new AttachmentStore(dir.resolve("elsewhere"), "boot");
      elsewhere.write(torn);
      byte[] whole = Files.readAllBytes(dir.resolve("elsewhere/" + torn.sandboxId() + ".json"));
      byte[] part = java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
      Files.write(dir.resolve(torn.sandboxId() + ".tmp"), part);
    }
  }
}
