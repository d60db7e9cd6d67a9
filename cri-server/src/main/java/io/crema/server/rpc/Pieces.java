package io.crema.server.rpc;

import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Function;

/** Long lists in messages that stay far below a client's limit (16 MiB for the kubelet). */
final class Pieces {
  private static final int SIZE = 100;

  private Pieces() {}

  /** Sends {@code items} in messages of at most 100. */
  static <I, A> void send(List<I> items, Function<List<I>, A> message, StreamObserver<A> out) {
    for (int from = 0; from < items.size(); from += SIZE) {
      out.onNext(message.apply(items.subList(from, Math.min(items.size(), from + SIZE))));
    }
  }
}
