package io.crema.cni;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long an attachment and a detachment take, alone and many at once; nothing is asserted. Run it
 * in a node: {@code e2e/in-node ./build -o -pl cni-bridge -am -Dgroups=bench
 * -Dsurefire.excludedGroups= -Dtest=AttachBench -Dsurefire.failIfNoSpecifiedTests=false test}.
 */
@Tag("bench")
class AttachBench {
  private static final BridgeConfig CONFIG =
      new BridgeConfig("crmbench0", "crema-bench", "10.95.0.0/16,fd95::/64", 0);

  @TempDir Path dir;
  private int next;

  @Test
  void attachments() throws Exception {
    try (BridgeNetwork network =
        BridgeNetwork.open(CONFIG, dir.resolve("state"), dir.resolve("run"))) {
      for (int atOnce : new int[] {1, 8, 32}) {
        for (List<Protocol> ports : List.of(List.<Protocol>of(), List.of(Protocol.TCP))) {
          rounds(network, atOnce, Math.max(10, 200 / atOnce), ports, false);
          rounds(network, atOnce, Math.max(25, 400 / atOnce), ports, true);
        }
      }
      rounds(network, 1, 200, List.of(Protocol.UDP), true);
    }
  }

  private void rounds(
      BridgeNetwork network, int atOnce, int rounds, List<Protocol> ports, boolean report)
      throws Exception {
    List<Long> attached = new ArrayList<>();
    List<Long> detached = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < rounds; round++) {
        List<NodePod> pods = new ArrayList<>();
        List<PodAttachment> requests = new ArrayList<>();
        for (int i = 0; i < atOnce; i++) {
          NodePod pod = NodePod.create("bench");
          pods.add(pod);
          next++;
          int port = 1024 + next % 60000;
          requests.add(
              new PodAttachment(
                  "bench-" + next,
                  "bench",
                  "default",
                  "uid",
                  pod.netns(),
                  ports.stream().map(p -> new PortMapping(p, 80, port, "")).toList(),
                  java.util.Map.of()));
        }
        attached.addAll(timed(threads, requests, r -> network.attach(r)));
        detached.addAll(timed(threads, requests, r -> network.detach(r.sandboxId())));
        for (NodePod pod : pods) {
          pod.close();
        }
        network.awaitQuiet();
      }
    }
    if (report) {
      String what =
          "%2d at once%s"
              .formatted(
                  atOnce, ports.isEmpty() ? "" : ", a host port each (" + ports.getFirst() + ")");
      System.out.println(what + ": attach " + summary(attached) + "; detach " + summary(detached));
    }
  }

  private interface Step {
    void run(PodAttachment request) throws Exception;
  }

  private static List<Long> timed(ExecutorService threads, List<PodAttachment> requests, Step step)
      throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<Future<Long>> all = new ArrayList<>();
    for (PodAttachment request : requests) {
      all.add(
          threads.submit(
              () -> {
                go.await();
                long start = System.nanoTime();
                step.run(request);
                return System.nanoTime() - start;
              }));
    }
    go.countDown();
    List<Long> out = new ArrayList<>();
    for (Future<Long> f : all) {
      out.add(f.get());
    }
    return out;
  }

  private static String summary(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    double p50 = sorted[sorted.length / 2] / 1e6;
    double p99 =
        sorted[(int) Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)] / 1e6;
    return "p50 %.2f ms, p99 %.2f ms (n=%d)".formatted(p50, p99, sorted.length);
  }
}
