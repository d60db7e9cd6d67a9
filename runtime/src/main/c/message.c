/* SEQPACKET messages with descriptors. */
#include "crema.h"

#define CONTROL (CMSG_SPACE(sizeof(int) * 253)) /* SCM_MAX_FD */

long receive(int socket, struct message *m, int *fds, int *fd_count, int flags) {
  static _Alignas(struct cmsghdr) uint8_t control[CONTROL];
  struct iovec iov = {m, sizeof *m};
  struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  long n;
  *fd_count = 0;
  do n = sys(SYS_recvmsg, socket, &h, flags | MSG_CMSG_CLOEXEC);
  while (n == -EINTR);
  if (n < 0) return n;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + (size_t)i * sizeof(int), sizeof fd);
      if (*fd_count < MAX_FDS) fds[(*fd_count)++] = fd;
      else sys(SYS_close, fd);
    }
  }
  if (n > 0 && ((h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)n < sizeof m->head)) {
    for (int i = 0; i < *fd_count; i++) sys(SYS_close, fds[i]);
    *fd_count = 0;
    return -EMSGSIZE;
  }
  return n;
}

long transmit(int socket, const void *bytes, size_t length, const int *fds, int fd_count) {
  _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int) * 16)] = {0};
  struct iovec iov = {(void *)(uintptr_t)bytes, length};
  struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
  if (fd_count > 16) return -E2BIG;
  if (fd_count > 0) {
    h.msg_control = control;
    h.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)fd_count);
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    if (!c) return -EINVAL;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)fd_count);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)fd_count);
  }
  long n;
  do n = sys(SYS_sendmsg, socket, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n == -EINTR);
  return n;
}
