/**
 * The real clients against the real daemon: a throwaway node, the daemon in it, crictl and critest,
 * the leak check.
 *
 * <p>Owns the harness that the tests tagged {@code node} use and the registry that serves their
 * images. Knows the daemon by its command line and its CRI socket only, so that the same tests run
 * against containerd to check themselves. Start reading at {@code Node}.
 */
@NullMarked
package io.crema.e2e;

import org.jspecify.annotations.NullMarked;
