package io.crema.image.registry;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.Blob;
import io.crema.image.model.Digest;
import io.crema.image.model.Manifests;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;

/**
 * The hosts of one reference, for one pull. A mirror that fails is passed over at once; the last
 * host, usually the registry itself, is asked again a bounded number of times when it is overloaded
 * or the connection breaks.
 */
public final class RegistrySession {
  private static final int CHUNK = 128 * 1024;
  private static final long FIRST_PAUSE_MILLIS = 100;

  /** Less than this is no progress, or a host that drips could be asked for ever. */
  private static final long PROGRESS = 64 * 1024;

  private final ImageServiceConfig config;
  private final Http http;
  private final Reference reference;
  private final List<RegistryHost> hosts;
  private final Authorizer authorizer;

  RegistrySession(
      ImageServiceConfig config,
      Http http,
      Reference reference,
      List<RegistryHost> hosts,
      Authorizer authorizer) {
    this.config = config;
    this.http = http;
    this.reference = reference;
    this.hosts = hosts;
    this.authorizer = authorizer;
  }

  /** A document as it came. */
  public record Document(String mediaType, byte[] bytes, Digest digest) {}

  /** Takes a blob's bytes in order. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes the next bytes; the array is the sink's own from now on. What it throws ends the
     * download and is no host's fault.
     */
    void take(byte[] chunk) throws IOException, InterruptedException;
  }

  /** One try at one host. */
  @FunctionalInterface
  private interface Attempt<T> {
    T at(RegistryHost host) throws IOException, InterruptedException;
  }

  /** A manifest or index by tag or digest; by digest it is verified. */
  public Document document(String identifier) throws PullException, InterruptedException {
    String what = "manifest " + identifier;
    boolean byDigest = Digest.isDigest(identifier);
    return first(
        what,
        byDigest ? RegistryHost.PULL : RegistryHost.RESOLVE,
        host -> {
          try (Answer answer = get(host, "/manifests/" + identifier, Manifests.ACCEPT, 0)) {
            byte[] bytes = limited(answer, what);
            Digest digest = Digest.of(bytes);
            if (byDigest && !digest.toString().equals(identifier)) {
              throw new PullException.Invalid("sent content of digest " + digest);
            }
            return new Document(answer.header("Content-Type").orElse(""), bytes, digest);
          }
        });
  }

  /** A blob that fits into memory, verified. */
  public byte[] small(Blob blob) throws PullException, InterruptedException {
    String what = "blob " + blob.digest();
    return first(
        what,
        RegistryHost.PULL,
        host -> {
          try (Answer answer = get(host, "/blobs/" + blob.digest(), List.of(), 0)) {
            byte[] bytes = limited(answer, what);
            if (bytes.length != blob.size() || !Digest.of(bytes).equals(blob.digest())) {
              throw new PullException.Invalid(
                  "sent %d bytes of digest %s where the manifest says %d bytes"
                      .formatted(bytes.length, Digest.of(bytes), blob.size()));
            }
            return bytes;
          }
        });
  }

  private byte[] limited(Answer answer, String what) throws IOException {
    long limit = config.limits().documentBytes();
    byte[] bytes = answer.read(limit);
    if (bytes.length > limit) {
      throw new PullException.TooLarge(what + " is larger than " + limit + " bytes");
    }
    return bytes;
  }

  private <T> T first(String what, String capability, Attempt<T> attempt)
      throws PullException, InterruptedException {
    List<RegistryHost> able = able(capability);
    Failures failures = new Failures(what);
    for (RegistryHost host : able) {
      boolean last = host == able.getLast();
      for (int tries = 0; ; tries++) {
        try {
          return attempt.at(host);
        } catch (IOException e) {
          failures.add(host, e);
          if (!last || !isTransient(e) || tries >= config.retries()) {
            break;
          }
          pause(tries);
        }
      }
    }
    throw failures.toException();
  }

  /**
   * A download of one blob, which other hosts may go on with where one broke off.
   *
   * @param distrusted hosts not to ask, as they have sent something else before
   */
  public Download download(Blob blob, Set<String> distrusted) {
    return new Download(blob, distrusted);
  }

  /** One download; of one thread. */
  public final class Download {
    private final Blob blob;
    private final Set<String> distrusted;
    private final Set<String> senders = new HashSet<>();
    private long done;

    private Download(Blob blob, Set<String> distrusted) {
      this.blob = blob;
      this.distrusted = Set.copyOf(distrusted);
    }

    /** The hosts that something came from so far. */
    public Set<String> senders() {
      return Set.copyOf(senders);
    }

    /** Whether a host is left that neither sent something nor was distrusted before. */
    public boolean hasOther() {
      return able(RegistryHost.PULL).stream()
          .map(RegistryHost::origin)
          .anyMatch(o -> !senders.contains(o) && !distrusted.contains(o));
    }

    /**
     * Brings all bytes to {@code sink}, and at most one more than the blob has; verifying them is
     * the sink's.
     *
     * @throws PullException when no host has all of it
     * @throws IOException from the sink
     */
    public void to(Sink sink) throws IOException, InterruptedException {
      List<RegistryHost> able =
          able(RegistryHost.PULL).stream().filter(h -> !distrusted.contains(h.origin())).toList();
      Failures failures = new Failures("blob " + blob.digest());
      for (RegistryHost host : able) {
        boolean last = host == able.getLast();
        int idle = 0;
        while (true) {
          long before = done;
          try {
            from(host, sink);
            return;
          } catch (SinkFailed e) {
            throw e.reason;
          } catch (IOException e) {
            if (done == blob.size() && !(e instanceof PullException)) {
              return; // all is here; only the connection's end was wrong
            }
            failures.add(host, e);
            boolean progress = done - before >= PROGRESS;
            idle = progress ? 0 : idle + 1;
            if (!isTransient(e) || !(progress || last) || idle > config.retries()) {
              break;
            }
            pause(idle);
          }
        }
      }
      throw failures.toException();
    }

    private void from(RegistryHost host, Sink sink) throws IOException, InterruptedException {
      try (Answer answer = get(host, "/blobs/" + blob.digest(), List.of(), done)) {
        InputStream body = answer.body();
        long start = start(answer);
        if (start > done) {
          throw new IOException("sent the content from byte " + start + ", not from " + done);
        }
        body.skipNBytes(done - start); // a host that knows no ranges sends all of it again
        senders.add(host.origin());
        while (true) {
          byte[] chunk = chunk(body);
          if (chunk.length == 0) {
            break;
          }
          done += chunk.length;
          give(sink, chunk);
        }
        if (done < blob.size()) {
          throw new IOException(
              "the connection ended after " + done + " of " + blob.size() + " bytes");
        }
      }
    }

    /** Up to a chunk of what follows; what came before a break isn't lost with it. */
    private byte[] chunk(InputStream body) throws IOException {
      byte[] chunk = new byte[(int) Math.min(CHUNK, blob.size() - done + 1)];
      int filled = 0;
      while (filled < chunk.length) {
        int n;
        try {
          n = body.read(chunk, filled, chunk.length - filled);
        } catch (IOException e) {
          if (filled > 0) {
            break; // the next read fails again
          }
          throw e;
        }
        if (n < 0) {
          break;
        }
        filled += n;
      }
      return filled == chunk.length ? chunk : java.util.Arrays.copyOf(chunk, filled);
    }

    private void give(Sink sink, byte[] chunk) throws InterruptedException, SinkFailed {
      try {
        sink.take(chunk);
      } catch (IOException e) {
        throw new SinkFailed(e);
      }
    }
  }

  /** Not a host's fault. */
  private static final class SinkFailed extends IOException {
    private static final long serialVersionUID = 1;

    private final IOException reason;

    SinkFailed(IOException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /** Where the content that comes starts. */
  private static long start(Answer answer) throws IOException {
    if (answer.status() != 206) {
      return 0;
    }
    String range = answer.header("Content-Range").orElse("");
    if (range.matches("bytes [0-9]{1,18}-.*")) {
      return Long.parseLong(range.substring("bytes ".length(), range.indexOf('-')));
    }
    throw new IOException("a part of the content, without saying which");
  }

  private List<RegistryHost> able(String capability) {
    return hosts.stream().filter(h -> h.capabilities().contains(capability)).toList();
  }

  private static boolean isTransient(IOException e) {
    if (e instanceof PullException) {
      return e instanceof PullException.RegistryUnavailable;
    }
    // the kubelet tries these again itself, and what can't be reached now can't be in a second
    return !(e instanceof ConnectException) && !(e instanceof SSLException);
  }

  /** Grows with each try: 0.1 s, 0.2 s, ... 3.2 s. */
  private static void pause(int tries) throws InterruptedException {
    Thread.sleep(Duration.ofMillis(FIRST_PAUSE_MILLIS << Math.min(tries, 5)));
  }

  private Answer get(RegistryHost host, String path, List<String> accept, long from)
      throws IOException, InterruptedException {
    String namespace =
        host.isMirrorOf(reference.domain())
            ? "?ns=" + URLEncoder.encode(reference.domain(), StandardCharsets.UTF_8)
            : "";
    URI uri = URI.create(host.base() + "/" + reference.path() + path + namespace);
    Map<String, List<String>> open = new HashMap<>();
    open.put("User-Agent", List.of("crema"));
    // one line of them, as there are registries that read only one
    open.put("Accept", List.of(accept.isEmpty() ? "*/*" : String.join(", ", accept) + ", */*"));
    if (from > 0) {
      open.put("Range", List.of("bytes=" + from + "-"));
    }
    String authorization = authorizer.header(host);
    Answer first = http.get(host, uri, open, secret(host, authorization));
    if (first.status() != 401) {
      return accepted(first);
    }
    String refusal;
    try (first) {
      refusal = first.reason();
    }
    Optional<Challenge> challenge = Challenge.best(first.headers("WWW-Authenticate"));
    if (!authorizer.answer(host, challenge, authorization)) {
      throw new PullException.Unauthorized(refusal, null);
    }
    return accepted(http.get(host, uri, open, secret(host, authorizer.header(host))));
  }

  private static Answer accepted(Answer answer) throws IOException {
    if (answer.status() == 200 || answer.status() == 206) {
      return answer;
    }
    try (answer) {
      throw refused(answer);
    }
  }

  private static Map<String, List<String>> secret(
      RegistryHost host, @org.jspecify.annotations.Nullable String authorization) {
    Map<String, List<String>> secret = new HashMap<>(host.headers());
    if (authorization != null) {
      secret.put("Authorization", List.of(authorization));
    }
    return secret;
  }

  private static PullException refused(Answer answer) throws IOException {
    String reason = answer.reason();
    return switch (answer.status()) {
      case 404 -> new PullException.NotFound(reason, null);
      case 401 -> new PullException.Unauthorized(reason, null);
      case 403 -> new PullException.Denied(reason, null);
      case 408, 429 -> new PullException.RegistryUnavailable(reason, null);
      default ->
          answer.status() >= 500
              ? new PullException.RegistryUnavailable(reason, null)
              : new PullException.Invalid("answers " + reason);
    };
  }
}
