package io.crema.sandbox.files;

import io.crema.sandbox.model.DnsConfig;

/** resolv.conf(5) of a pod. */
public final class ResolvConf {
  private ResolvConf() {}

  /**
   * The file's text for {@code dns}; an empty configuration gives an empty file, as containerd's
   * does.
   */
  public static String of(DnsConfig dns) {
    StringBuilder text = new StringBuilder();
    if (!dns.searches().isEmpty()) {
      text.append("search ").append(String.join(" ", dns.searches())).append('\n');
    }
    for (String server : dns.servers()) {
      text.append("nameserver ").append(server).append('\n');
    }
    if (!dns.options().isEmpty()) {
      text.append("options ").append(String.join(" ", dns.options())).append('\n');
    }
    return text.toString();
  }
}
