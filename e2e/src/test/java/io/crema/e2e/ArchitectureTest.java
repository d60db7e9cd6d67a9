package io.crema.e2e;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The order of modules and packages is that of docs/style.md, and foreign types stay in their
 * place.
 */
class ArchitectureTest {

  private static final Pattern ROW =
      Pattern.compile("\\| (?:`([a-z0-9-]+)`)? *\\| `(io\\.crema\\.[a-z.*]+)` \\|.*");

  private static JavaClasses crema;
  private static List<Room> rooms;

  /**
   * A line of the table.
   *
   * @param place where it stands among all lines
   */
  private record Room(int place, String module, String packages) {

    boolean has(String name) {
      return packages.endsWith(".*")
          ? name.startsWith(packages.substring(0, packages.length() - 1))
          : name.equals(packages);
    }
  }

  @BeforeAll
  static void read() throws IOException {
    crema =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.crema");
    Path style = Path.of("..", "docs", "style.md"); // Surefire runs in the module's directory
    List<Room> found = new ArrayList<>();
    String module = "";
    for (String line : Files.readAllLines(style)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        module = row.group(1) == null ? module : row.group(1);
        found.add(new Room(found.size(), module, row.group(2)));
      }
    }
    rooms = List.copyOf(found);
  }

  @Test
  void everyPackageStandsInTheTable() {
    List<String> missing =
        crema.stream()
            .map(JavaClass::getPackageName)
            .distinct()
            .filter(name -> !name.equals("io.crema.server")) // holds its package-info only
            .filter(name -> !name.startsWith("io.crema.e2e"))
            .filter(name -> room(name).isEmpty())
            .toList();
    assertThat(missing).isEmpty();
    assertThat(crema.stream().map(JavaClass::getPackageName).distinct().count()).isGreaterThan(20);
  }

  @Test
  void modulesAndPackagesUseOnlyWhatStandsBeforeThem() {
    check(classes().that(resideInAPackage("io.crema..")).should(new UseOnlyWhatStandsBefore()));
  }

  @Test
  void onlyTheLinuxPackageCallsNativeCode() {
    onlyIn("com.sun.jna..", "io.crema.runtime.linux");
  }

  @Test
  void fabric8StaysWithManifests() {
    onlyIn("io.fabric8..", "io.crema.server.manifest", "io.crema.server.up");
  }

  @Test
  void protobufStaysInTheServer() {
    onlyIn("com.google.protobuf..", "io.crema.server..");
  }

  @Test
  void grpcStaysWithWhatServesAndCalls() {
    onlyIn(
        "io.grpc..",
        "io.crema.server.cri", // generated
        "io.crema.server.rpc",
        "io.crema.server.daemon",
        "io.crema.server.up",
        "io.crema.server.cli",
        "io.crema.server.log"); // tells the logger of gRPC's netty
  }

  @Test
  void vertxAndItsNettyStayWithStreaming() {
    onlyIn("io.vertx..", "io.crema.server.streaming");
    onlyIn("io.netty..", "io.crema.server.streaming");
  }

  @Test
  void nobodySleepsButBetweenAttemptsAtARegistry() {
    check(
        noClasses()
            .that(
                resideInAPackage("io.crema..")
                    .and(resideInAPackage("io.crema.image.registry").negate()))
            .should()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(Thread.class, "sleep", java.time.Duration.class));
  }

  @Test
  void noHelperProgramIsRunButCniPlugins() {
    check(
        noClasses()
            .that(
                resideInAPackage("io.crema..")
                    .and(resideInAPackage("io.crema.cni.plugin").negate()))
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class)
            .orShould()
            .callMethod(Runtime.class, "exec", String[].class));
  }

  private static void onlyIn(String foreign, String... places) {
    check(
        noClasses()
            .that(resideInAPackage("io.crema..").and(resideInAnyPackage(places).negate()))
            .should()
            .dependOnClassesThat()
            .resideInAPackage(foreign));
    // A rule about what isn't used at all would hold for ever.
    assertThat(
            crema.stream()
                .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
                .anyMatch(d -> resideInAPackage(foreign).test(d.getTargetClass())))
        .as("something uses %s", foreign)
        .isTrue();
  }

  private static void check(ArchRule rule) {
    rule.check(crema);
  }

  private static Optional<Room> room(String packageName) {
    // The longest name wins: a package of its own beside a wildcard.
    return rooms.stream()
        .filter(r -> r.has(packageName))
        .max(java.util.Comparator.comparingInt(r -> r.packages().length()));
  }

  private static final class UseOnlyWhatStandsBefore extends ArchCondition<JavaClass> {

    UseOnlyWhatStandsBefore() {
      super("use only what stands before them in docs/style.md");
    }

    @Override
    public void check(JavaClass item, ConditionEvents events) {
      Optional<Room> from = room(item.getPackageName());
      if (from.isEmpty()) {
        return;
      }
      for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        Optional<Room> to = room(target.getPackageName());
        if (to.isPresent()
            && to.get().place() > from.get().place()
            && !isFace(from.get(), to.get(), target)) {
          events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
        }
      }
    }

    /**
     * The public face of the same module, or one of its exceptions: an interface, a value or an
     * exception of the module's own package, which comes last in it.
     */
    private static boolean isFace(Room from, Room to, JavaClass target) {
      boolean last =
          rooms.stream()
              .filter(r -> r.module().equals(to.module()))
              .allMatch(r -> r.place() <= to.place());
      boolean kind =
          target.isInterface()
              || target.isRecord()
              || target.isEnum()
              || target.isAssignableTo(Throwable.class);
      return from.module().equals(to.module()) && last && kind;
    }
  }
}
