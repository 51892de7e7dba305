/* After loading, only what later requests need is kept: maps (BPF, PERFMON), other users' processes (KILL, SYS_PTRACE). */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "warden.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static int keep(const int *kept, size_t count, bool bpf) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return -errno;
  u32 mask[2] = {0, 0};
  for (size_t i = 0; i < count; i++) mask[kept[i] / 32] |= 1u << (kept[i] % 32);
  /* Where the engine knows no CAP_BPF, CAP_SYS_ADMIN stands for it and must stay for map updates. */
  if (bpf && !(data[CAP_BPF / 32].permitted & (1u << (CAP_BPF % 32)))) mask[CAP_SYS_ADMIN / 32] |= 1u << (CAP_SYS_ADMIN % 32);
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= mask[i];
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  return syscall(SYS_capset, &header, data) != 0 ? -errno : 0;
}

int drop_privileges(void) {
  static const int kept[] = {CAP_KILL, CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF};
  return keep(kept, sizeof kept / sizeof kept[0], true);
}

/* Marking a file system needs SYS_ADMIN; another process's root SYS_PTRACE; its upper layer DAC_READ_SEARCH. */
int keep_exec_denial_privileges(void) {
  static const int kept[] = {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
  return keep(kept, sizeof kept / sizeof kept[0], false);
}

/* Entering a network namespace needs SYS_ADMIN and SYS_PTRACE, what is set there NET_ADMIN; workers of another user are
 * started and ended. */
int keep_front_privileges(void) {
  static const int kept[] = {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_NET_ADMIN, CAP_SETUID, CAP_SETGID, CAP_KILL};
  return keep(kept, sizeof kept / sizeof kept[0], false);
}

/* A child that parses what strangers send. Root without capabilities gets none back, since it may gain no new privileges. */
int keep_no_privileges(u32 user) {
  if (user && (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)) return -errno;
  return keep(NULL, 0, false);
}

/* The agent looks at other containers' processes and files, and does nothing to them itself. */
int keep_agent_privileges(void) {
  static const int kept[] = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
  return keep(kept, sizeof kept / sizeof kept[0], false);
}
