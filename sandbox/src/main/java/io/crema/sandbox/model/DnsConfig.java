package io.crema.sandbox.model;

import java.util.List;

/** What goes into resolv.conf (CRI DNSConfig). */
public record DnsConfig(List<String> servers, List<String> searches, List<String> options) {
  public DnsConfig {
    servers = List.copyOf(servers);
    searches = List.copyOf(searches);
    options = List.copyOf(options);
  }
}
