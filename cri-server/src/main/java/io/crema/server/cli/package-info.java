/**
 * The {@code crema} command.
 *
 * <p>Owns the command line: what can be typed, what is wrong with it, exit codes. It must not know
 * how anything is done; each command hands over to the package that does it. Start reading at
 * {@link io.crema.server.cli.Main}.
 */
@NullMarked
package io.crema.server.cli;

import org.jspecify.annotations.NullMarked;
