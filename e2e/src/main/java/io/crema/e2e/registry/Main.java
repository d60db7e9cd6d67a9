package io.crema.e2e.registry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * The registry's command: {@code images DIR FILE} makes the images that a file lists (see {@link
 * ImageSpec#parse}) and prints their digests; {@code serve DIR PORT READY} serves a directory and,
 * when it does, writes its port to the file READY.
 */
public final class Main {

  private Main() {}

  /** Runs the command; returns from {@code serve} only by a signal. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length == 3 && args[0].equals("images")) {
      Layout layout = new Layout(Path.of(args[1]));
      for (String line : Files.readAllLines(Path.of(args[2]))) {
        ImageSpec spec = ImageSpec.parse(line);
        System.out.println(spec.name() + " " + spec.writeTo(layout));
      }
    } else if (args.length == 4 && args[0].equals("serve")) {
      try (Registry registry =
          Registry.serve(new Layout(Path.of(args[1])), Integer.parseInt(args[2]))) {
        Files.writeString(Path.of(args[3]), registry.port() + "\n");
        new CountDownLatch(1).await();
      }
    } else {
      System.err.println("usage: images DIR FILE | serve DIR PORT READY");
      System.exit(2);
    }
  }
}
