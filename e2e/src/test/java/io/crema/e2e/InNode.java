package io.crema.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that need a node. The class gets a fresh {@link Daemon} ({@link Node} and {@link Crictl}
 * too, as parameters of its constructor or methods), and fails when, after the daemon has ended,
 * the node is not as it was before.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("node")
@ExtendWith(NodeExtension.class)
public @interface InNode {}
