/**
 * Seccomp filters: from a profile as Docker, Kubernetes and the OCI write it to the instructions
 * that a launch plan loads.
 *
 * <p>Owns the runtime's default profile ({@code default-profile.json}), the choice among a
 * profile's rules by capabilities, kernel and architecture, compiling through libseccomp, and a
 * cache of what was compiled. It must not know pods or the CRI. Start reading at {@link
 * io.crema.runtime.seccomp.SeccompFilters}.
 */
@NullMarked
package io.crema.runtime.seccomp;

import org.jspecify.annotations.NullMarked;
