package io.crema.server.translate;

import com.google.protobuf.ProtocolMessageEnum;
import io.crema.sandbox.SandboxException;

/** Checks of a request's fields; each failure names the field by its path in the request. */
public final class Fields {
  private Fields() {}

  /** The error for a field that can't be taken. */
  public static SandboxException invalid(String field, String problem) {
    return new SandboxException(
        SandboxException.Code.INVALID_ARGUMENT, "%s: %s".formatted(field, problem));
  }

  /** The value, which must not be empty. */
  public static String required(String field, String value) throws SandboxException {
    if (value.isEmpty()) {
      throw invalid(field, "must not be empty");
    }
    return value;
  }

  /** A message that must be there. */
  public static void present(String field, boolean present) throws SandboxException {
    if (!present) {
      throw invalid(field, "is required");
    }
  }

  /** The error for an enum value that this API version doesn't know. */
  static SandboxException unknown(String field, ProtocolMessageEnum value) {
    return invalid(field, "unknown value " + value);
  }
}
