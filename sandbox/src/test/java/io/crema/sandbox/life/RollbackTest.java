package io.crema.sandbox.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RollbackTest {
  private final List<String> undone = new ArrayList<>();

  @Test
  void stepsAreUndoneLastFirstAndAllOfThemWhateverFails() {
    assertThatThrownBy(
            () -> {
              try (Rollback rollback = new Rollback()) {
                rollback.add(() -> undone.add("first"));
                rollback.add(
                    () -> {
                      throw new IOException("stuck");
                    });
                rollback.add(() -> undone.add("third"));
                throw new IllegalStateException("the step failed");
              }
            })
        .hasMessage("the step failed")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("stuck"));
    assertThat(undone).containsExactly("third", "first");
  }

  @Test
  void nothingIsUndoneOfWhatIsKept() {
    try (Rollback rollback = new Rollback()) {
      rollback.add(() -> undone.add("step"));
      rollback.keep();
    }
    assertThat(undone).isEmpty();
  }
}
