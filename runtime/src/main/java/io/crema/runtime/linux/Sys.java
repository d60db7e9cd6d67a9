package io.crema.runtime.linux;

import java.util.Locale;

/**
 * System calls by name, with their numbers on each architecture.
 *
 * <p>x86_64: arch/x86/entry/syscalls/syscall_64.tbl; aarch64: include/uapi/asm-generic/unistd.h.
 * SysTest checks both columns against the system's headers.
 */
public enum Sys {
  READ(0, 63),
  WRITE(1, 64),
  CLOSE(3, 57),
  FSTAT(5, 80),
  LSEEK(8, 62),
  MMAP(9, 222),
  MUNMAP(11, 215),
  IOCTL(16, 29),
  PREAD64(17, 67),
  PWRITE64(18, 68),
  WRITEV(20, 66),
  DUP(32, 23),
  DUP3(292, 24),
  PIPE2(293, 59),
  FCNTL(72, 25),
  SOCKET(41, 198),
  CONNECT(42, 203),
  ACCEPT4(288, 242),
  SENDTO(44, 206),
  RECVFROM(45, 207),
  SENDMSG(46, 211),
  RECVMSG(47, 212),
  SHUTDOWN(48, 210),
  BIND(49, 200),
  LISTEN(50, 201),
  GETSOCKNAME(51, 204),
  SOCKETPAIR(53, 199),
  SETSOCKOPT(54, 208),
  GETSOCKOPT(55, 209),
  EXECVE(59, 221),
  EXIT(60, 93),
  EXIT_GROUP(231, 94),
  WAIT4(61, 260),
  WAITID(247, 95),
  KILL(62, 129),
  UNAME(63, 160),
  FLOCK(73, 32),
  FSYNC(74, 82),
  FDATASYNC(75, 83),
  SYNCFS(306, 267),
  FALLOCATE(285, 47),
  FTRUNCATE(77, 46),
  GETDENTS64(217, 61),
  GETCWD(79, 17),
  CHDIR(80, 49),
  FCHDIR(81, 50),
  CHROOT(161, 51),
  UMASK(95, 166),
  OPENAT(257, 56),
  OPENAT2(437, 437),
  MKDIRAT(258, 34),
  MKNODAT(259, 33),
  UNLINKAT(263, 35),
  RENAMEAT2(316, 276),
  LINKAT(265, 37),
  SYMLINKAT(266, 36),
  READLINKAT(267, 78),
  FCHMODAT(268, 53),
  FCHMOD(91, 52),
  FCHOWNAT(260, 54),
  FCHOWN(93, 55),
  UTIMENSAT(280, 88),
  FACCESSAT(269, 48),
  NEWFSTATAT(262, 79),
  STATX(332, 291),
  STATFS(137, 43),
  FSTATFS(138, 44),
  COPY_FILE_RANGE(326, 285),
  SENDFILE(40, 71),
  SETXATTR(188, 5),
  LSETXATTR(189, 6),
  FSETXATTR(190, 7),
  GETXATTR(191, 8),
  LGETXATTR(192, 9),
  FGETXATTR(193, 10),
  LISTXATTR(194, 11),
  LLISTXATTR(195, 12),
  FLISTXATTR(196, 13),
  REMOVEXATTR(197, 14),
  GETPID(39, 172),
  GETTID(186, 178),
  GETPPID(110, 173),
  GETUID(102, 174),
  SETUID(105, 146),
  SETGID(106, 144),
  SETREUID(113, 145),
  SETRESUID(117, 147),
  SETRESGID(119, 149),
  SETGROUPS(116, 159),
  SETFSUID(122, 151),
  SETFSGID(123, 152),
  SETSID(112, 157),
  SETPGID(109, 154),
  GETPGID(121, 155),
  PRLIMIT64(302, 261),
  SETPRIORITY(141, 140),
  SETHOSTNAME(170, 161),
  SETDOMAINNAME(171, 162),
  CAPGET(125, 90),
  CAPSET(126, 91),
  PRCTL(157, 167),
  PERSONALITY(135, 92),
  PTRACE(101, 117),
  MOUNT(165, 40),
  UMOUNT2(166, 39),
  PIVOT_ROOT(155, 41),
  OPEN_TREE(428, 428),
  MOVE_MOUNT(429, 429),
  FSOPEN(430, 430),
  FSCONFIG(431, 431),
  FSMOUNT(432, 432),
  FSPICK(433, 433),
  MOUNT_SETATTR(442, 442),
  SWAPON(167, 224),
  UNSHARE(272, 97),
  SETNS(308, 268),
  CLONE(56, 220),
  CLONE3(435, 435),
  PIDFD_OPEN(434, 434),
  PIDFD_SEND_SIGNAL(424, 424),
  PIDFD_GETFD(438, 438),
  CLOSE_RANGE(436, 436),
  EPOLL_CREATE1(291, 20),
  EPOLL_CTL(233, 21),
  EPOLL_PWAIT(281, 22),
  EVENTFD2(290, 19),
  SIGNALFD4(289, 74),
  TIMERFD_CREATE(283, 85),
  TIMERFD_SETTIME(286, 86),
  INOTIFY_INIT1(294, 26),
  INOTIFY_ADD_WATCH(254, 27),
  INOTIFY_RM_WATCH(255, 28),
  PPOLL(271, 73),
  MEMFD_CREATE(319, 279),
  SECCOMP(317, 277),
  BPF(321, 280),
  KEYCTL(250, 219),
  RT_SIGPROCMASK(14, 135),
  RT_SIGACTION(13, 134),
  SCHED_SETAFFINITY(203, 122),
  SCHED_SETSCHEDULER(144, 119),
  IOPRIO_SET(251, 30),
  SET_MEMPOLICY(238, 237),
  GETRANDOM(318, 278),
  CLOCK_GETTIME(228, 113),
  NANOSLEEP(35, 101),
  TGKILL(234, 131),
  FUTEX(202, 98),
  MPROTECT(10, 226);

  private final int x86;
  private final int arm;

  Sys(int x86, int arm) {
    this.x86 = x86;
    this.arm = arm;
  }

  /** The number on the architecture that runs. */
  public int number() {
    return number(Arch.current());
  }

  /** The number on {@code arch}. */
  public int number(Arch arch) {
    return switch (arch) {
      case X86_64 -> x86;
      case AARCH64 -> arm;
    };
  }

  /** The call's name as the man pages write it. */
  public String callName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
