package io.crema.server.translate;

import io.crema.sandbox.SandboxException;
import io.crema.sandbox.model.IdMapping;
import io.crema.sandbox.model.NamespaceMode;
import io.crema.sandbox.model.NamespaceOptions;
import io.crema.sandbox.model.UserNamespace;
import io.crema.server.cri.IDMapping;
import io.crema.server.cri.NamespaceOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Namespace choices and id mappings. */
final class NamespaceTranslation {
  private NamespaceTranslation() {}

  static NamespaceOptions toModel(String field, NamespaceOption proto) throws SandboxException {
    NamespaceMode pid = mode(field + ".pid", proto.getPid());
    if (pid == NamespaceMode.TARGET) {
      Fields.required(field + ".target_id", proto.getTargetId());
    }
    return new NamespaceOptions(
        mode(field + ".network", proto.getNetwork()),
        pid,
        mode(field + ".ipc", proto.getIpc()),
        proto.getTargetId(),
        proto.hasUsernsOptions()
            ? users(field + ".userns_options", proto.getUsernsOptions())
            : null);
  }

  static NamespaceOption toProto(NamespaceOptions model) {
    NamespaceOption.Builder proto =
        NamespaceOption.newBuilder()
            .setNetwork(mode(model.network()))
            .setPid(mode(model.pid()))
            .setIpc(mode(model.ipc()))
            .setTargetId(model.targetId());
    @Nullable UserNamespace users = model.userNamespace();
    if (users != null) {
      proto.setUsernsOptions(
          io.crema.server.cri.UserNamespace.newBuilder()
              .setMode(mode(users.mode()))
              .addAllUids(idsToProto(users.uids()))
              .addAllGids(idsToProto(users.gids())));
    }
    return proto.build();
  }

  static List<IdMapping> idsToModel(List<IDMapping> proto) {
    return proto.stream()
        .map(m -> new IdMapping(m.getHostId(), m.getContainerId(), m.getLength()))
        .toList();
  }

  static List<IDMapping> idsToProto(List<IdMapping> model) {
    return model.stream()
        .map(
            m ->
                IDMapping.newBuilder()
                    .setHostId(m.hostId())
                    .setContainerId(m.containerId())
                    .setLength(m.length())
                    .build())
        .toList();
  }

  private static UserNamespace users(String field, io.crema.server.cri.UserNamespace proto)
      throws SandboxException {
    NamespaceMode mode = mode(field + ".mode", proto.getMode());
    if (mode != NamespaceMode.POD && mode != NamespaceMode.NODE) {
      throw Fields.invalid(field + ".mode", "must be POD or NODE, not " + mode);
    }
    if (mode == NamespaceMode.POD) {
      one(field + ".uids", proto.getUidsList());
      one(field + ".gids", proto.getGidsList());
    }
    return new UserNamespace(
        mode, idsToModel(proto.getUidsList()), idsToModel(proto.getGidsList()));
  }

  /** One range, as the kubelet hands out and as containerd requires. */
  private static void one(String field, List<IDMapping> mappings) throws SandboxException {
    if (mappings.size() != 1) {
      throw Fields.invalid(field, "exactly one mapping is supported, not " + mappings.size());
    }
    IDMapping only = mappings.get(0);
    if (only.getContainerId() != 0) {
      throw Fields.invalid(
          field, "must map container id 0, not " + Integer.toUnsignedString(only.getContainerId()));
    }
    if (only.getLength() == 0) {
      throw Fields.invalid(field, "length must not be 0");
    }
  }

  private static NamespaceMode mode(String field, io.crema.server.cri.NamespaceMode proto)
      throws SandboxException {
    return switch (proto) {
      case POD -> NamespaceMode.POD;
      case CONTAINER -> NamespaceMode.CONTAINER;
      case NODE -> NamespaceMode.NODE;
      case TARGET -> NamespaceMode.TARGET;
      case UNRECOGNIZED -> throw Fields.unknown(field, proto);
    };
  }

  private static io.crema.server.cri.NamespaceMode mode(NamespaceMode model) {
    return switch (model) {
      case POD -> io.crema.server.cri.NamespaceMode.POD;
      case CONTAINER -> io.crema.server.cri.NamespaceMode.CONTAINER;
      case NODE -> io.crema.server.cri.NamespaceMode.NODE;
      case TARGET -> io.crema.server.cri.NamespaceMode.TARGET;
    };
  }
}
