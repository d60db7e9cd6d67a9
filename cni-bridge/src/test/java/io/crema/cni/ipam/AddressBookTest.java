package io.crema.cni.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.crema.cni.ipam.AddressBook.Assigned;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AddressBookTest {
  private static List<String> texts(List<Assigned> assigned) {
    return assigned.stream().map(a -> IpText.format(a.address())).toList();
  }

  private static List<InetAddress> addresses(List<Assigned> assigned) {
    return assigned.stream().map(Assigned::address).toList();
  }

  private static List<Assigned> take(AddressBook book) throws Exception {
    return book.allocate(Duration.ZERO);
  }

  @Test
  void bothFamiliesIpv4First() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("fd00::/64,10.0.0.0/24"));
    List<Assigned> got = take(book);
    assertThat(texts(got)).containsExactly("10.0.0.2", "fd00::2");
    assertThat(got.getFirst().prefix()).isEqualTo(24);
    assertThat(IpText.format(got.getFirst().gateway())).isEqualTo("10.0.0.1");
  }

  @Test
  void aFreedAddressComesAgainLast() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/29"));
    List<Assigned> first = take(book);
    book.release(addresses(first), 0);
    assertThat(texts(take(book))).containsExactly("10.0.0.3");
    for (String next : List.of("10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2")) {
      assertThat(texts(take(book))).containsExactly(next);
    }
    assertThatThrownBy(() -> take(book))
        .isInstanceOf(AddressBook.ExhaustedException.class)
        .hasMessageContaining("no address is free in pod CIDR 10.0.0.0/29: 5 of 5");
  }

  @Test
  void anAddressIsInQuarantineUntilItsInterfaceIsGone() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/30"));
    List<Assigned> got = take(book);
    book.interfaceMade(7);
    book.release(addresses(got), 7);
    assertThat(book.inQuarantine()).isEqualTo(1);
    assertThatThrownBy(() -> take(book)).hasMessageContaining("1 pods that ended wait");
    book.interfaceRemoved(8);
    assertThatThrownBy(() -> take(book)).hasMessageContaining("1 pods");
    book.interfaceRemoved(7);
    assertThat(texts(take(book))).containsExactly("10.0.0.2");
  }

  @Test
  void anInterfaceMayGoBeforeItsPodIsGivenUp() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/30"));
    List<Assigned> got = take(book);
    book.interfaceMade(7);
    book.interfaceRemoved(7);
    assertThatThrownBy(() -> take(book)).hasMessageContaining("1 of 1");
    book.release(addresses(got), 7);
    assertThat(texts(take(book))).containsExactly("10.0.0.2");
  }

  @Test
  void whoComesToAnEmptyPoolWaitsForTheQuarantine() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/30"));
    List<Assigned> got = take(book);
    book.interfaceMade(7);
    book.release(addresses(got), 7);
    CompletableFuture<List<Assigned>> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return book.allocate(Duration.ofSeconds(10));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    book.interfacesPresent(Set.of());
    assertThat(texts(waiting.get())).containsExactly("10.0.0.2");
  }

  @Test
  void aSecondFamilyThatIsExhaustedGivesTheFirstBack() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/24,fd00::/126"));
    take(book);
    take(book);
    assertThatThrownBy(() -> take(book)).hasMessageContaining("fd00::/126");
    assertThat(book.inUse()).isEqualTo(4);
  }

  @Test
  void networksThatOverlapNeverGiveOneAddressTwice() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/24"));
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      assertThat(seen.addAll(texts(take(book)))).isTrue();
    }
    book.use(Cidr.parseDual("10.0.0.0/29"));
    for (int i = 0; i < 2; i++) {
      assertThat(seen.addAll(texts(take(book)))).isTrue();
    }
    assertThatThrownBy(() -> take(book)).isInstanceOf(AddressBook.ExhaustedException.class);
  }

  @Test
  void aGatewayThatAPodHasIsRefused() throws Exception {
    AddressBook book = new AddressBook(Cidr.parseDual("10.0.0.0/24"));
    for (int i = 0; i < 20; i++) {
      take(book);
    }
    assertThatThrownBy(() -> book.use(Cidr.parseDual("10.0.0.16/29")))
        .hasMessageContaining("10.0.0.17, is in use by a pod");
    assertThat(texts(take(book))).containsExactly("10.0.0.22");
  }

  @Test
  void aNetworkWithoutRoomIsRefused() {
    assertThatThrownBy(() -> new AddressBook(Cidr.parseDual("10.0.0.0/31")))
        .hasMessageContaining("10.0.0.0/31 has no address for a pod");
  }

  static IntStream seeds() {
    return IntStream.range(0, 40);
  }

  /** Random lives: no address is ever held twice, by pods or by interfaces that still exist. */
  @ParameterizedTest
  @MethodSource("seeds")
  void randomLives(int seed) throws Exception {
    Random random = new Random(seed);
    List<String> cidrs = List.of("10.0.0.0/27,fd00::/122", "10.0.0.32/28", "10.0.0.0/26");
    AddressBook book = new AddressBook(Cidr.parseDual(cidrs.getFirst()));
    Map<Integer, List<Assigned>> pods = new HashMap<>(); // by interface
    Map<Integer, List<Assigned>> dying = new HashMap<>();
    int interfaces = 0;
    for (int step = 0; step < 2000; step++) {
      switch (random.nextInt(8)) {
        case 0, 1, 2, 3 -> {
          try {
            List<Assigned> got = take(book);
            Set<InetAddress> held = new HashSet<>();
            pods.values().forEach(p -> held.addAll(addresses(p)));
            dying.values().forEach(p -> held.addAll(addresses(p)));
            assertThat(held).doesNotContainAnyElementsOf(addresses(got));
            book.interfaceMade(++interfaces);
            pods.put(interfaces, got);
          } catch (AddressBook.ExhaustedException e) {
            assertThat(pods.size() + dying.size()).isPositive();
          }
        }
        case 4, 5 -> {
          if (!pods.isEmpty()) {
            int index = pick(random, pods);
            List<Assigned> pod = Objects.requireNonNull(pods.remove(index));
            if (random.nextInt(4) == 0) {
              book.interfaceRemoved(index);
              book.release(addresses(pod), index);
            } else {
              book.release(addresses(pod), index);
              dying.put(index, pod);
            }
          }
        }
        case 6 -> {
          if (!dying.isEmpty()) {
            int index = pick(random, dying);
            dying.remove(index);
            book.interfaceRemoved(index);
          }
        }
        default -> {
          if (random.nextInt(50) == 0) {
            try {
              book.use(Cidr.parseDual(cidrs.get(random.nextInt(cidrs.size()))));
            } catch (IllegalArgumentException e) {
              assertThat(e).hasMessageContaining("gateway");
            }
          }
        }
      }
      int held =
          pods.values().stream().mapToInt(List::size).sum()
              + dying.values().stream().mapToInt(List::size).sum();
      assertThat(book.inUse()).isEqualTo(held);
      assertThat(book.inQuarantine()).isEqualTo(dying.size());
    }
  }

  private static int pick(Random random, Map<Integer, ?> from) {
    List<Integer> keys = new ArrayList<>(from.keySet());
    return keys.get(random.nextInt(keys.size()));
  }
}
