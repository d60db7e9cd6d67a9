package io.crema.e2e;

import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test class its daemon, and checks that nothing of it stays. One node serves all classes
 * of the JVM.
 */
final class NodeExtension implements BeforeAllCallback, AfterAllCallback, ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(NodeExtension.class);

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Node node = node(context);
    LeakCheck before = LeakCheck.of(node.directory(), node.engine());
    Daemon daemon =
        Daemon.fresh(node, context.getRequiredTestClass().getSimpleName().toLowerCase(Locale.ROOT));
    context.getStore(NAMESPACE).put(LeakCheck.class, before);
    context.getStore(NAMESPACE).put(Daemon.class, daemon);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    Daemon daemon = context.getStore(NAMESPACE).remove(Daemon.class, Daemon.class);
    LeakCheck before = context.getStore(NAMESPACE).remove(LeakCheck.class, LeakCheck.class);
    if (daemon != null && before != null) {
      try (daemon) {
        if (daemon.process().isAlive()) {
          daemon.crictl().removeEverything();
        }
      }
      Node node = node(context);
      before.assertUnchanged(node.directory(), node.engine());
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Daemon.class || type == Crictl.class || type == Node.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    if (type == Node.class) {
      return node(context);
    }
    Daemon daemon = context.getStore(NAMESPACE).get(Daemon.class, Daemon.class);
    if (daemon == null) {
      throw new IllegalStateException("the daemon did not start");
    }
    return type == Daemon.class ? daemon : daemon.crictl();
  }

  private static Node node(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(
            Node.class,
            _ -> {
              try {
                return Node.enter();
              } catch (IOException e) {
                throw new IllegalStateException("the node's registry does not start", e);
              }
            },
            Node.class);
  }
}
