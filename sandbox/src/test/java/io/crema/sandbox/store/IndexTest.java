package io.crema.sandbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IndexTest {
  private final Index<String> index = new Index<>();

  @Test
  void anUnambiguousBeginningFinds() {
    index.put("abc1", "one");
    index.put("abd2", "two");
    assertThat(index.find("abc1")).contains("one");
    assertThat(index.find("abd")).contains("two");
    assertThat(index.find("ab")).isEmpty();
    assertThat(index.find("")).isEmpty();
    assertThat(index.find("x")).isEmpty();
  }

  @Test
  void aWholeIdWinsOverLongerOnesThatBeginWithIt() {
    index.put("ab", "short");
    index.put("abc", "long");
    assertThat(index.find("ab")).contains("short");
    index.remove("ab");
    assertThat(index.find("ab")).contains("long");
  }

  @Test
  void findsAllThatBeginAlike() {
    Index<String> index = new Index<>();
    index.put("ab1", "x");
    index.put("ab2", "y");
    index.put("b", "z");
    assertThat(index.beginningWith("ab")).containsExactly("x", "y");
    assertThat(index.beginningWith("ab2")).containsExactly("y");
    assertThat(index.beginningWith("c")).isEmpty();
  }
}
