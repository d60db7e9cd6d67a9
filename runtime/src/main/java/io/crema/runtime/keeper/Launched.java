package io.crema.runtime.keeper;

import io.crema.runtime.linux.Fd;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A launch that got as far as was asked.
 *
 * @param pid the process, in the keeper's PID namespace (the host's)
 * @param startedAt when execve had succeeded; null for a launch that waits
 * @param terminal the terminal's master when {@link Stdio.Terminal#toCaller} asked for it; the
 *     caller owns it
 */
public record Launched(long id, int pid, @Nullable Instant startedAt, @Nullable Fd terminal) {}
