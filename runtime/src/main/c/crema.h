/* What the parts of crema-keeper share. */
#ifndef CREMA_H
#define CREMA_H

#include "sys.h"
#include "wire.h"
#include <sys/socket.h>

/* title.c */
void title_init(char **argv);
void title_set(const char *name, const char *rest, size_t rest_length);

/* message.c: one SEQPACKET message with its descriptors */
struct message {
  struct head head;
  uint8_t payload[1024];
};
/* Bytes received, 0 at the end, -errno. *fd_count descriptors go to fds (room for MAX_FDS + 3). */
long receive(int socket, struct message *m, int *fds, int *fd_count, int flags);
long transmit(int socket, const void *bytes, size_t length, const int *fds, int fd_count);

/* child.c */
struct child {
  int report, plan;
  int slots;
  int slot[MAX_FDS]; /* descriptors; SLOT_NULL where /dev/null is wanted */
};
#define SLOT_NULL (-2)
_Noreturn void child_run(struct child *c);

/* keeper.c */
_Noreturn void keeper_run(int directory, int connection);

/* nursery.c */
_Noreturn void nursery_run(void);

#endif
