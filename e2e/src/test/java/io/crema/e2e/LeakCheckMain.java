package io.crema.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The leak check of the whole node, around everything that runs in it: {@code save FILE} before,
 * {@code compare FILE} after.
 */
final class LeakCheckMain {

  private LeakCheckMain() {}

  public static void main(String[] args) throws IOException {
    Path directory = Path.of(System.getenv("CREMA_NODE_DIR"));
    Node.Engine engine =
        Node.Engine.valueOf(System.getenv().getOrDefault("CREMA_E2E_RUNTIME", "CREMA"));
    Path file = Path.of(args[1]);
    if (args[0].equals("save")) {
      LeakCheck.of(directory, engine).save(file);
      return;
    }
    LeakCheck before = LeakCheck.load(file);
    Files.delete(file);
    try {
      before.assertUnchanged(directory, engine);
      System.out.println("leak check: the node is as it was before the tests");
    } catch (AssertionError e) {
      System.out.println("leak check: " + e.getMessage());
      System.exit(1);
    }
  }
}
