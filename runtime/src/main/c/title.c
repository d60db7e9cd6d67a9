/* What ps shows. */
#include "crema.h"
#include <sys/prctl.h>

static char *area, *area_end;

/* The kernel keeps the arguments in one block; the nursery is started with one long enough. */
void title_init(char **argv) {
  area = argv[0];
  area_end = argv[0] + strlen(argv[0]);
  for (char **a = argv + 1; *a; a++)
    if (*a == area_end + 1) area_end = *a + strlen(*a);
}

void title_set(const char *name, const char *rest, size_t rest_length) {
  sys(SYS_prctl, PR_SET_NAME, name);
  size_t room = (size_t)(area_end - area);
  if (room < 3) return;
  size_t used = 0;
  for (; name[used] && used < room - 2; used++) area[used] = name[used];
  if (rest_length) area[used++] = ' ';
  for (size_t i = 0; i < rest_length && used < room - 1; i++) area[used++] = rest[i];
  memset(area + used, 0, room - used);
  /* With its last byte not 0 the kernel takes the block as one string that ends at its first 0 (get_mm_cmdline). */
  *area_end = ' ';
}
