package io.crema.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.crema.server.cri.Api;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** docs/cri.md says what is done with every RPC and every field of a request, and says it truly. */
class CriTableTest {
  private static final Path TOP = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = TOP.resolve("docs/cri.md");
  private static final Pattern ROW =
      Pattern.compile("\\| ([A-Za-z0-9_.]+) \\| ([a-z ]+) \\| ([^|]*)\\| ?([^|]*)\\|");
  private static final Pattern METHOD = Pattern.compile("void (\\w+)\\(");
  private static final Pattern CRITEST = Pattern.compile("critest \"(.+)\"");

  /** What the page says of one name. */
  private record Row(String status, String test, String remarks) {}

  private final Map<String, Row> rows = new LinkedHashMap<>();

  @BeforeEach
  void readPage() throws IOException {
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Row before =
            rows.put(
                row.group(1),
                new Row(row.group(2).strip(), row.group(3).strip(), row.group(4).strip()));
        assertThat(before).as(row.group(1) + " is there twice").isNull();
      } else {
        assertThat(line)
            .as("a row that can't be read")
            .matches("(?!\\|).*|\\| (RPC|field) \\|.*|\\|---.*");
      }
    }
  }

  /** In the order of the proto. */
  private static Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    Set<String> seen = new HashSet<>();
    for (ServiceDescriptor service : Api.getDescriptor().getServices()) {
      service.getMethods().forEach(method -> names.add(method.getName()));
    }
    for (ServiceDescriptor service : Api.getDescriptor().getServices()) {
      for (MethodDescriptor method : service.getMethods()) {
        add(method.getInputType(), seen, names);
      }
    }
    return names;
  }

  private static void add(Descriptor message, Set<String> seen, Set<String> names) {
    if (message.getOptions().getMapEntry()) {
      message.getFields().stream()
          .filter(f -> f.getJavaType() == FieldDescriptor.JavaType.MESSAGE)
          .forEach(f -> add(f.getMessageType(), seen, names));
      return;
    }
    if (!seen.add(message.getFullName())) {
      return;
    }
    for (FieldDescriptor field : message.getFields()) {
      names.add(message.getName() + "." + field.getName());
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        add(field.getMessageType(), seen, names);
      }
    }
  }

  @Test
  void thePageHasWhatTheProtoHasAndNothingElse() {
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(names());
  }

  @Test
  void everyRowSaysWhatIsDoneAndWhyNotOrWhatShowsIt() {
    assertThat(rows)
        .allSatisfy(
            (name, row) -> {
              assertThat(row.status()).as(name).isIn("honoured", "refused", "not applicable");
              String needed = row.status().equals("not applicable") ? row.remarks() : row.test();
              assertThat(needed).as(name + ": " + row.status()).isNotEmpty();
            });
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    Set<String> tests = tests();
    List<String> specs = specs();
    assertThat(rows)
        .allSatisfy(
            (name, row) -> {
              Matcher critest = CRITEST.matcher(row.test());
              if (critest.matches()) {
                assertThat(specs).as(name).anyMatch(s -> s.contains(critest.group(1)));
              } else if (!row.test().isEmpty()) {
                assertThat(tests).as(name).contains(row.test());
              }
            });
  }

  private static Set<String> tests() throws IOException {
    Set<String> tests = new HashSet<>();
    for (Path file : sources()) {
      String name = file.getFileName().toString();
      Matcher method = METHOD.matcher(Files.readString(file));
      while (method.find()) {
        tests.add(name.substring(0, name.length() - ".java".length()) + "." + method.group(1));
      }
    }
    return tests;
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(TOP)) {
      for (Path tests : modules.map(m -> m.resolve("src/test/java")).toList()) {
        if (Files.isDirectory(tests)) {
          try (Stream<Path> files = Files.walk(tests)) {
            files.filter(f -> f.toString().endsWith("Test.java")).forEach(sources::add);
          }
        }
      }
    }
    return sources;
  }

  /** The specs that critest 1.36 ran in CritestTest; its report names them. */
  private static List<String> specs() throws IOException {
    try (InputStream in = CriTableTest.class.getResourceAsStream("critest-specs.txt")) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
