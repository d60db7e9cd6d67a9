package io.crema.runtime.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CapabilitySetTest {
  private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);

  private static CapabilitySet of(List<String> add, List<String> drop, List<String> ambient) {
    return CapabilitySet.of(new CapabilitySet.Request(add, drop, ambient, false), ALL);
  }

  @Test
  void namesAreTakenWithAndWithoutThePrefixInAnyCase() {
    assertThat(of(List.of("NET_ADMIN", "cap_sys_time"), List.of("CAP_CHOWN"), List.of()).bounding())
        .contains(Capability.NET_ADMIN, Capability.SYS_TIME)
        .doesNotContain(Capability.CHOWN);
    assertThatThrownBy(() -> of(List.of("FLY"), List.of(), List.of()))
        .hasMessageContaining("capabilities: add: ")
        .hasMessageContaining("FLY");
  }

  @Test
  void allIsTakenBeforeSingleNamesAndDropAfterAdd() {
    assertThat(of(List.of("KILL"), List.of("ALL"), List.of()).bounding())
        .containsExactly(Capability.KILL);
    assertThat(of(List.of("ALL"), List.of("SYS_ADMIN"), List.of()).bounding())
        .isEqualTo(EnumSet.complementOf(EnumSet.of(Capability.SYS_ADMIN)));
    assertThat(of(List.of("KILL"), List.of("KILL"), List.of()).bounding())
        .doesNotContain(Capability.KILL);
    assertThat(of(List.of("ALL"), List.of("ALL"), List.of()).bounding()).isEmpty();
  }

  @Test
  void ambientOnesAreInAllSetsUnlessTheyAreDroppedAndNoOtherIsInheritable() {
    CapabilitySet set = of(List.of(), List.of(), List.of("NET_ADMIN"));
    assertThat(set.ambient()).containsExactly(Capability.NET_ADMIN);
    assertThat(set.bounding()).contains(Capability.NET_ADMIN);
    assertThat(of(List.of(), List.of("NET_ADMIN"), List.of("NET_ADMIN")).ambient()).isEmpty();
    assertThat(of(List.of("SYS_ADMIN"), List.of(), List.of()).ambientMask())
        .as("CVE-2022-24769: nothing is inheritable by default")
        .isZero();
  }

  @Test
  void whatThisHostCanNotGiveIsLeftOutOfAllAndRefusedByName() {
    Set<Capability> few = EnumSet.of(Capability.CHOWN, Capability.KILL);
    assertThat(
            CapabilitySet.of(
                    new CapabilitySet.Request(List.of("ALL"), List.of(), List.of(), false), few)
                .bounding())
        .isEqualTo(few);
    assertThat(
            CapabilitySet.of(new CapabilitySet.Request(List.of(), List.of(), List.of(), true), few)
                .bounding())
        .isEqualTo(few);
    assertThatThrownBy(
            () ->
                CapabilitySet.of(
                    new CapabilitySet.Request(List.of("SYS_ADMIN"), List.of(), List.of(), false),
                    few))
        .hasMessageContaining("CAP_SYS_ADMIN isn't Crema's to give on this host");
  }

  @Test
  void theDefaultsAreContainerds() {
    assertThat(CapabilitySet.mask(CapabilitySet.DEFAULT)).isEqualTo(0xa80425fbL);
    assertThat(Capability.CHOWN.number()).isZero();
    assertThat(Capability.of("CHECKPOINT_RESTORE").number()).isEqualTo(40);
  }

  @Test
  void whatCanBeGivenIsBothPermittedAndWithinTheBounds() throws IOException {
    assertThat(
            AvailableCapabilities.ofStatus(
                """
                Name: x
                CapInh: 0000000000000000
                CapPrm: 0000000000000021
                CapEff: 0000000000000021
                CapBnd: 0000000000000003
                """))
        .containsExactly(Capability.CHOWN);
    assertThatThrownBy(() -> AvailableCapabilities.ofStatus("Name: x\n"))
        .hasMessageContaining("CapBnd");
  }
}
