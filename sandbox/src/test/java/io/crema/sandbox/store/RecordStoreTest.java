package io.crema.sandbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordStoreTest {
  record Thing(int version, String id, List<String> words, byte[] raw) {
    Thing {
      if (version > 1) {
        throw new IllegalArgumentException("thing " + id + " has version " + version);
      }
    }
  }

  @TempDir Path directory;
  private RecordStore<Thing> store;

  @BeforeEach
  void open() throws IOException {
    store = new RecordStore<>(directory.resolve("things"), Thing.class);
  }

  @Test
  void whatWasSavedIsLoadedByAnotherDaemon() throws IOException {
    store.save("a", new Thing(1, "a", List.of("x", "y"), new byte[] {(byte) 0xff, 0}));
    store.save("a", new Thing(1, "a", List.of("z"), new byte[] {(byte) 0xfe}));
    List<Thing> loaded = new RecordStore<>(directory.resolve("things"), Thing.class).loadAll();
    assertThat(loaded).hasSize(1);
    assertThat(loaded.getFirst().words()).containsExactly("z");
    assertThat(loaded.getFirst().raw()).containsExactly((byte) 0xfe);
  }

  @Test
  void aDeletedRecordIsGoneAndDeletingTwiceIsFine() throws IOException {
    store.save("a", new Thing(1, "a", List.of(), new byte[0]));
    store.delete("a");
    store.delete("a");
    assertThat(store.loadAll()).isEmpty();
  }

  @Test
  void aDamagedOrNewerRecordIsSetAsideAndDoesNotHideTheOthers() throws IOException {
    store.save("good", new Thing(1, "good", List.of(), new byte[0]));
    Path files = directory.resolve("things");
    Files.writeString(files.resolve("torn.json"), "{\"version\":1,\"id\":\"to");
    Files.writeString(files.resolve("empty.json"), "");
    Files.writeString(
        files.resolve("newer.json"), "{\"version\":2,\"id\":\"newer\",\"words\":[],\"raw\":\"\"}");
    assertThat(store.loadAll()).extracting(Thing::id).containsExactly("good");
    assertThat(files.resolve("torn.json.damaged")).exists();
    assertThat(files.resolve("empty.json.damaged")).exists();
    assertThat(files.resolve("newer.json.damaged")).exists();
  }

  @Test
  void whatAKilledDaemonWasWritingIsCleanedUp() throws IOException {
    Path aside = directory.resolve("things").resolve("a.tmp7");
    Files.writeString(aside, "{");
    assertThat(store.loadAll()).isEmpty();
    assertThat(aside).doesNotExist();
  }
}
