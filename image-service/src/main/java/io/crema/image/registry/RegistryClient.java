package io.crema.image.registry;

import io.crema.image.ImageServiceConfig;
import io.crema.image.model.Credentials;
import io.crema.image.model.PullException;
import io.crema.image.model.Reference;

/**
 * Fetches documents and blobs from the hosts of a registry, one after the other until one has them.
 */
public final class RegistryClient implements AutoCloseable {
  private final ImageServiceConfig config;
  private final HostsDirectory hosts;
  private final Http http;

  /** A client with the service's timeouts. */
  public RegistryClient(ImageServiceConfig config) {
    this.config = config;
    this.hosts = new HostsDirectory(config.certsDirs());
    this.http = new Http(config);
  }

  /** One pull: its hosts and what they let in. Safe for use by many threads. */
  public RegistrySession session(Reference reference, Credentials credentials)
      throws PullException {
    return new RegistrySession(
        config,
        http,
        reference,
        hosts.of(reference.domain()),
        new Authorizer(http, credentials, reference.path()));
  }

  @Override
  public void close() {
    http.close();
  }
}
