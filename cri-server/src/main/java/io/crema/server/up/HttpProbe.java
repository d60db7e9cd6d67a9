package io.crema.server.up;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Asks a port for a page until the first answer. */
final class HttpProbe {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int CONNECT_MILLIS = 1000;

  private HttpProbe() {}

  /**
   * Waits for the first answer that is HTTP.
   *
   * @param ended breaks the wait off
   * @return the time of {@link System#nanoTime} when it began to arrive, or 0 when none came
   */
  static long firstAnswer(String host, int port, CountDownLatch ended) throws InterruptedException {
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    do {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket
            .getOutputStream()
            .write("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] head = socket.getInputStream().readNBytes(5);
        if (new String(head, StandardCharsets.US_ASCII).equals("HTTP/")) {
          return System.nanoTime();
        }
        if (head.length > 0) {
          return 0; // someone answers, but not in HTTP
        }
      } catch (IOException e) {
        // Not listening yet; nothing tells when a process inside begins to, so ask again.
      }
    } while (!ended.await(1, TimeUnit.MILLISECONDS) && System.nanoTime() < giveUp);
    return 0;
  }
}
