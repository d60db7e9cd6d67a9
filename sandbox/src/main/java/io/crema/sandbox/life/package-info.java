/**
 * What pods and containers do: one class per request, and the living objects that they act on.
 *
 * <p>Decides and records; {@code runtime}, {@code cni} and {@code image} act. Every step that
 * leaves something behind is undone by a {@link io.crema.sandbox.life.Rollback} when a later one
 * fails, and everything that a killed daemon leaves is named by a record that was written before
 * it. Start reading at {@link io.crema.sandbox.life.Pod} and {@link
 * io.crema.sandbox.life.Container}.
 */
@NullMarked
package io.crema.sandbox.life;

import org.jspecify.annotations.NullMarked;
