package io.crema.image.registry;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.Blob;
import io.crema.image.model.Credentials;
import io.crema.image.model.Digest;
import io.crema.image.model.Manifests;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Fetches documents and blobs from the hosts of a registry, one after the other until one has them.
 */
public final class RegistryClient implements AutoCloseable {
  private static final int CHUNK = 128 * 1024;
  private static final int MAX_REDIRECTS = 5;

  private final ImageServiceConfig config;
  private final HostsDirectory hosts;
  private final HttpClients clients;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("pull-watch").daemon().factory());

  /** A client with the service's timeouts. */
  public RegistryClient(ImageServiceConfig config) {
    this.config = config;
    this.hosts = new HostsDirectory(config.certsDirs());
    this.clients = new HttpClients(config.connectTimeout());
  }

  /** One pull: its hosts and what they let in. Safe for use by many threads. */
  public Session session(Reference reference, Credentials credentials) throws PullException {
    return new Session(
        reference,
        hosts.of(reference.domain()),
        new Authorizer(credentials, config.responseTimeout()));
  }

  /** Takes a blob's bytes in order. */
  @FunctionalInterface
  public interface Sink {
    /** Takes the next bytes; the array is the sink's own from now on. */
    void take(byte[] chunk) throws IOException, PullException, InterruptedException;
  }

  /** A document as it came. */
  public record Document(String mediaType, byte[] bytes, Digest digest) {}

  /** The hosts of one reference. */
  public final class Session {
    private final Reference reference;
    private final List<RegistryHost> hosts;
    private final Authorizer authorizer;

    private Session(Reference reference, List<RegistryHost> hosts, Authorizer authorizer) {
      this.reference = reference;
      this.hosts = hosts;
      this.authorizer = authorizer;
    }

    /** A manifest or index by tag or digest; by digest it is verified. */
    public Document document(String identifier) throws PullException, InterruptedException {
      boolean byDigest = Digest.isDigest(identifier);
      Failures failures = new Failures("manifest " + identifier);
      for (RegistryHost host : hosts) {
        if (!host.capabilities().contains(byDigest ? "pull" : "resolve")) {
          continue;
        }
        try {
          HttpResponse<InputStream> response =
              get(host, "/manifests/" + identifier, Manifests.ACCEPT, 0);
          try (InputStream body = response.body()) {
            byte[] bytes = limited(body, "manifest " + identifier);
            Digest digest = Digest.of(bytes);
            if (byDigest && !digest.toString().equals(identifier)) {
              throw new PullException.Invalid(
                  host.authority() + " sent content of digest " + digest + " for " + identifier);
            }
            return new Document(
                response.headers().firstValue("Content-Type").orElse(""), bytes, digest);
          }
        } catch (IOException e) {
          failures.add(host, e);
        }
      }
      throw failures.toException();
    }

    private byte[] limited(InputStream body, String what) throws IOException {
      long limit = config.limits().documentBytes();
      byte[] bytes = body.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, limit + 1));
      if (bytes.length > limit) {
        throw new PullException.TooLarge(what + " is larger than " + limit + " bytes");
      }
      return bytes;
    }

    /** Brings a blob's bytes to {@code sink}, going on where a broken connection ended. */
    public void blob(Blob blob, Sink sink) throws PullException, InterruptedException {
      Failures failures = new Failures("blob " + blob.digest());
      AtomicLong done = new AtomicLong();
      for (RegistryHost host : hosts) {
        if (!host.capabilities().contains("pull")) {
          continue;
        }
        for (int idle = 0; idle <= config.retries(); ) {
          long before = done.get();
          try {
            download(host, blob, done, sink);
            return;
          } catch (PullException e) {
            if (!(e instanceof PullException.RegistryUnavailable)) {
              if (e instanceof PullException.NotFound || e instanceof PullException.Unauthorized) {
                failures.add(host, e);
                break;
              }
              throw e;
            }
            failures.add(host, e);
            idle = done.get() > before ? 0 : idle + 1;
          } catch (IOException e) {
            failures.add(host, e);
            idle = done.get() > before ? 0 : idle + 1;
          }
        }
      }
      throw failures.toException();
    }

    private void download(RegistryHost host, Blob blob, AtomicLong done, Sink sink)
        throws IOException, InterruptedException {
      long from = done.get();
      HttpResponse<InputStream> response = get(host, "/blobs/" + blob.digest(), List.of(), from);
      try (InputStream body = response.body()) {
        if (from > 0 && response.statusCode() == 200) {
          body.skipNBytes(from); // a host that knows no ranges sends all of it again
        }
        ScheduledFuture<?> watcher = watch(body, done);
        try {
          copy(body, blob, done, sink);
        } finally {
          watcher.cancel(false);
        }
      }
    }

    private static void copy(InputStream body, Blob blob, AtomicLong done, Sink sink)
        throws IOException, InterruptedException {
      while (true) {
        byte[] chunk = body.readNBytes(CHUNK);
        if (chunk.length == 0) {
          if (done.get() < blob.size()) {
            throw new IOException(
                "the connection ended after " + done.get() + " of " + blob.size() + " bytes");
          }
          return;
        }
        if (done.addAndGet(chunk.length) > blob.size()) {
          throw new PullException.Invalid(
              blob.digest()
                  + " is longer than the "
                  + blob.size()
                  + " bytes that the manifest says");
        }
        sink.take(chunk);
      }
    }

    /** Breaks off a download that brings next to nothing for {@code stallTimeout}. */
    private ScheduledFuture<?> watch(InputStream body, AtomicLong done) {
      long period = Math.max(1, config.stallTimeout().toMillis());
      long least = config.minBytesPerSecond() * period / 1000;
      long[] last = {done.get()};
      return watch.scheduleAtFixedRate(
          () -> {
            long now = done.get();
            if (now - last[0] < least) {
              try {
                body.close();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            }
            last[0] = now;
          },
          period,
          period,
          TimeUnit.MILLISECONDS);
    }

    private HttpResponse<InputStream> get(
        RegistryHost host, String path, List<String> accept, long from)
        throws IOException, InterruptedException {
      URI uri = URI.create(host.base() + "/" + reference.path() + path);
      HttpResponse<InputStream> response = send(host, uri, accept, from, true);
      if (response.statusCode() == 401) {
        response.body().close();
        Optional<Challenge> challenge =
            response.headers().allValues("WWW-Authenticate").stream()
                .flatMap(h -> Challenge.parse(h).stream())
                .findFirst();
        if (challenge.isEmpty()
            || !authorizer.answer(host, clients.of(host), challenge.get(), reference.path())) {
          throw new PullException.Unauthorized("401: authentication required", null);
        }
        response = send(host, uri, accept, from, true);
      }
      for (int i = 0; i < MAX_REDIRECTS && redirect(response.statusCode()); i++) {
        response.body().close();
        URI to =
            uri.resolve(
                response
                    .headers()
                    .firstValue("Location")
                    .orElseThrow(() -> new IOException("a redirect without Location")));
        boolean same = String.valueOf(to.getRawAuthority()).equals(host.authority());
        response = send(host, to, accept, from, same && to.getScheme().equals(uri.getScheme()));
      }
      return checked(response);
    }

    private static boolean redirect(int status) {
      return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    /** {@code trusted}: the host that the credentials and headers are for. */
    private HttpResponse<InputStream> send(
        RegistryHost host, URI uri, List<String> accept, long from, boolean trusted)
        throws IOException, InterruptedException {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri).timeout(config.responseTimeout()).GET();
      request.header("User-Agent", "crema");
      accept.forEach(a -> request.header("Accept", a));
      if (from > 0) {
        request.header("Range", "bytes=" + from + "-");
      }
      if (trusted) {
        for (Map.Entry<String, List<String>> h : host.headers().entrySet()) {
          h.getValue().forEach(v -> request.header(h.getKey(), v));
        }
        String authorization = authorizer.header(host);
        if (authorization != null) {
          request.header("Authorization", authorization);
        }
      }
      return clients.of(host).send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static HttpResponse<InputStream> checked(HttpResponse<InputStream> response)
        throws IOException {
      int status = response.statusCode();
      if (status == 200 || status == 206) {
        return response;
      }
      response.body().close();
      switch (status) {
        case 404 -> throw new PullException.NotFound("404: not found", null);
        case 401, 403 -> throw new PullException.Unauthorized(status + ": access denied", null);
        default -> {
          if (status == 429 || status >= 500) {
            throw new PullException.RegistryUnavailable("answers " + status, null);
          }
          throw new PullException.Invalid("answers " + status);
        }
      }
    }
  }

  /** What each host said, for one message that has it all. */
  private static final class Failures {
    private final String what;
    private final List<String> texts = new ArrayList<>();
    private final List<IOException> causes = new ArrayList<>();

    Failures(String what) {
      this.what = what;
    }

    void add(RegistryHost host, IOException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      reason = reason.replaceFirst("^RegistryUnavailable: ", "");
      String text = host.base().getScheme() + "://" + host.authority() + ": " + reason;
      if (!texts.contains(text)) {
        texts.add(text);
      }
      causes.add(e);
    }

    PullException toException() {
      String message =
          what
              + ": "
              + (texts.isEmpty()
                  ? "no host of this registry may be asked"
                  : String.join("; ", texts));
      IOException last = causes.isEmpty() ? null : causes.getLast();
      for (IOException e : causes) {
        if (e instanceof PullException.Unauthorized) {
          return new PullException.Unauthorized(message, e);
        }
        if (e instanceof PullException.Invalid || e instanceof PullException.TooLarge) {
          return ((PullException) e).prefixed(what + ": ");
        }
      }
      if (!causes.isEmpty() && causes.stream().allMatch(e -> e instanceof PullException.NotFound)) {
        return new PullException.NotFound(message, last);
      }
      return new PullException.RegistryUnavailable(message, last);
    }
  }

  @Override
  public void close() {
    watch.shutdownNow();
    clients.close();
  }
}
