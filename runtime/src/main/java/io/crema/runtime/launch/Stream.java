package io.crema.runtime.launch;

/** What one of a process's three standard streams is. */
public enum Stream {
  /** {@code /dev/null}: the plan's slot {@code null}, a node that the container can't change. */
  NULL,
  /**
   * The slot {@code stdin}, {@code stdout} or {@code stderr}; given to the container's user, so
   * that it can open {@code /dev/stdout} too.
   */
  PIPE,
  /** The same slots, passed as they are. */
  OTHER;

  /** The slot of {@link #NULL} streams: {@link TemplateMountNamespace#nullDevice}. */
  public static final String NULL_SLOT = "null";
}
