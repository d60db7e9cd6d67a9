/**
 * Linux itself, through JNA: system calls as Java methods with typed results.
 *
 * <p>Owns the only native bindings of the project ({@link io.crema.runtime.linux.Libc}),
 * descriptors as values with one owner ({@link io.crema.runtime.linux.Fd}), and the numbers that
 * differ between architectures ({@link io.crema.runtime.linux.Sys}, {@link
 * io.crema.runtime.linux.Arch}). One interface per man-page family; each failure is an {@link
 * io.crema.runtime.linux.ErrnoException}. It must know nothing of containers. Start reading at
 * {@code Libc}.
 */
@NullMarked
package io.crema.runtime.linux;

import org.jspecify.annotations.NullMarked;
