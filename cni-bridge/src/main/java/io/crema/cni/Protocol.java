package io.crema.cni;

/** A transport protocol that host ports know. */
public enum Protocol {
  TCP(6),
  UDP(17),
  SCTP(132);

  private final int number;

  Protocol(int number) {
    this.number = number;
  }

  /** The number in the IP header. */
  public int number() {
    return number;
  }
}
