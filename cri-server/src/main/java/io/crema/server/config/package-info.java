/**
 * The daemon's configuration: what can be set, where it comes from, what it may be.
 *
 * <p>Owns the list of keys with their defaults ({@code Key}), the reading of {@code config.toml}
 * and the gathering of all problems into one report. It must not know what a setting does. Start
 * reading at {@link io.crema.server.config.ServerConfig}.
 */
@NullMarked
package io.crema.server.config;

import org.jspecify.annotations.NullMarked;
