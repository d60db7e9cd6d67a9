/**
 * Standard CNI plugins: network configurations, the plugins' processes, and what is remembered of
 * each attachment (CNI specification 1.1, containernetworking/cni SPEC.md).
 */
@NullMarked
package io.crema.cni.plugin;

import org.jspecify.annotations.NullMarked;
