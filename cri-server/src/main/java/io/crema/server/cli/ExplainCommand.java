package io.crema.server.cli;

import io.crema.server.cri.Container;
import io.crema.server.cri.ContainerStatusRequest;
import io.crema.server.cri.ListContainersRequest;
import io.crema.server.daemon.CriClient;
import io.crema.server.daemon.CriSocket;
import io.crema.server.log.Logging;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code crema explain CONTAINER}: its launch plan, one readable line a step. */
final class ExplainCommand implements Command {
  private final PrintStream out;

  ExplainCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public String name() {
    return "explain";
  }

  @Override
  public String operands() {
    return "CONTAINER";
  }

  @Override
  public String summary() {
    return "print how a container is launched, a line a step";
  }

  @Override
  public String details() {
    return """
        CONTAINER is an id, the beginning of one, or a name. The steps are what the keeper does in the new
        process before execve, in order; like strace, but before the fact.
        """;
  }

  @Override
  public List<Option> options() {
    return ConfigOptions.ALL;
  }

  @Override
  public int run(Arguments arguments) throws Exception {
    if (arguments.operands().size() != 1) {
      throw new UsageException(
          "takes one container, not %d".formatted(arguments.operands().size()));
    }
    Logging.setUp("warn");
    Path address = ConfigOptions.read(arguments).address();
    if (!CriSocket.answers(address)) {
      throw new UsageException(
          "no daemon answers on %s; start one with crema serve, or name its --address"
              .formatted(address));
    }
    try (CriClient client = CriClient.connect(address)) {
      String id =
          pick(
              arguments.operands().get(0),
              client
                  .runtime()
                  .listContainers(ListContainersRequest.getDefaultInstance())
                  .getContainersList());
      var status =
          client
              .runtime()
              .containerStatus(
                  ContainerStatusRequest.newBuilder().setContainerId(id).setVerbose(true).build());
      @Nullable String plan = status.getInfoMap().get("plan");
      if (plan == null) {
        throw new UsageException(
            "the runtime on %s tells no launch plan: it is no crema".formatted(address));
      }
      int step = 0;
      for (JsonNode line : JsonMapper.builder().build().readTree(plan).values()) {
        out.printf("%3d  %s%n", ++step, line.stringValue());
      }
    }
    return 0;
  }

  /** The one container that {@code wanted} means. */
  static String pick(String wanted, List<Container> containers) throws UsageException {
    List<Container> matches =
        containers.stream()
            .filter(c -> c.getId().startsWith(wanted) || c.getMetadata().getName().equals(wanted))
            .toList();
    if (matches.isEmpty()) {
      throw new UsageException(
          "there is no container '%s'; crictl ps -a lists all".formatted(wanted));
    }
    if (matches.size() > 1) {
      throw new UsageException(
          "'%s' means %d containers: %s"
              .formatted(
                  wanted,
                  matches.size(),
                  matches.stream().map(c -> c.getId().substring(0, 13)).toList()));
    }
    return matches.get(0).getId();
  }
}
