/**
 * The small files that a pod gets from its runtime: resolv.conf, hosts, hostname.
 *
 * <p>Pure text; whoever makes the pod writes it. It must know no processes and no network. Start
 * reading at {@link io.crema.sandbox.files.ResolvConf}.
 */
@NullMarked
package io.crema.sandbox.files;

import org.jspecify.annotations.NullMarked;
