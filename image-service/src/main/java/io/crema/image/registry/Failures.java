package io.crema.image.registry;

import io.crema.image.model.PullException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** What each host said, for one failure that has it all. */
final class Failures {
  private final String what;
  private final List<String> texts = new ArrayList<>();
  private final List<IOException> causes = new ArrayList<>();

  /** Of the attempts to get {@code what}. */
  Failures(String what) {
    this.what = what;
  }

  void add(RegistryHost host, IOException e) {
    String text = host.origin() + ": " + reason(e);
    if (!texts.contains(text)) {
      texts.add(text);
    }
    causes.add(e);
  }

  /**
   * The failure that says most: a refusal, then an answer that can't be used. "Not found" is only
   * believed of the last host, which is the registry itself or the nearest to it that was asked; a
   * mirror's means nothing while the registry can't be reached.
   */
  PullException toException() {
    if (causes.isEmpty()) {
      return new PullException.NotFound(
          what + ": hosts.toml has no host that may be asked for it", null);
    }
    String message = what + ": " + String.join("; ", texts);
    IOException last = causes.getLast();
    for (IOException e : causes) {
      if (e instanceof PullException.Unauthorized || e instanceof PullException.Denied) {
        return told((PullException) e, message);
      }
    }
    for (IOException e : causes) {
      if (e instanceof PullException.Invalid || e instanceof PullException.TooLarge) {
        return told((PullException) e, message);
      }
    }
    return last instanceof PullException.NotFound n
        ? told(n, message)
        : new PullException.RegistryUnavailable(message, last);
  }

  private static PullException told(PullException e, String message) {
    return switch (e) {
      case PullException.NotFound _ -> new PullException.NotFound(message, e);
      case PullException.Unauthorized _ -> new PullException.Unauthorized(message, e);
      case PullException.Denied _ -> new PullException.Denied(message, e);
      case PullException.Invalid _ -> new PullException.Invalid(message, e);
      case PullException.TooLarge _ -> new PullException.TooLarge(message, e);
      case PullException.RegistryUnavailable _, PullException.Storage _ -> e;
    };
  }

  /** Why, in words: several of java.net.http's exceptions have no message. */
  static String reason(IOException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof PullException.RegistryUnavailable) {
      return message.substring(PullException.RegistryUnavailable.PREFIX.length() + 2);
    }
    if (e instanceof PullException) {
      return message;
    }
    if (chain(e).anyMatch(UnresolvedAddressException.class::isInstance)) {
      return "the host's name can't be resolved";
    }
    if (e instanceof HttpConnectTimeoutException) {
      return "no connection within the time allowed";
    }
    if (e instanceof ConnectException) {
      return e.getMessage() == null ? "connection refused" : message;
    }
    if (e instanceof SSLException) {
      return "TLS: " + message;
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : message;
  }

  private static Stream<Throwable> chain(Throwable e) {
    return Stream.iterate(e, x -> x != null, Throwable::getCause).limit(10);
  }
}
