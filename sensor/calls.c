/* Which syscalls are recorded, from the command line: NAME[:LETTERS], letters f (failed calls too), r (opens for reading
 * too), p (those below a given prefix), w (for writing also only below one), c (containers only), o (once a descriptor and
 * peer), 1 to 9 (which set of prefixes; 0 otherwise). Only these tracepoints are attached: what no rule needs costs nothing. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "warden.h"
#include "sensor.skel.h"
#include "numbers.h"

struct known { const char *name; const char *shape; int nr; };
static const struct known known[] = {
#define SYSCALL(name, shape) {#name, shape, CALL_##name},
#include "syscalls.h"
#undef SYSCALL
};
#define KNOWN (sizeof known / sizeof known[0])

static u32 sets[KNOWN];
static bool wanted[KNOWN], silent[KNOWN];
static size_t attached;
static char missing[1024], untraced[1024];

/* What changes the meaning of a path. */
static u16 find_moves(const char *name) {
  static const char *const moves[] = {"rename", "renameat", "renameat2", "rmdir", "mount", "umount", "pivot_root", "move_mount", "fsmount"};
  if (strcmp(name, "unlinkat") == 0) return CALL_MOVES | CALL_REMOVES;
  for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) if (strcmp(name, moves[i]) == 0) return CALL_MOVES;
  return 0;
}

static void describe(struct call *call, const char *shape) {
  size_t index = 0;
  for (const char *at = shape; *at;) {
    while (*at == ' ') at++;
    if (strncmp(at, "=f", 2) == 0) { call->flags |= CALL_RETURNS_FD; break; }
    const char *colon = strchr(at, ':');
    if (!colon || index > 5) break;
    char kind = colon[1];
    call->kind[index] = kind == 's' ? ARG_STRING : kind == 'p' ? ARG_PATH : kind == 'f' ? ARG_FD : kind == 'a' ? ARG_ADDRESS : kind == 'm' ? ARG_MESSAGE : ARG_INTEGER;
    call->extra[index] = isdigit((unsigned char)colon[2]) ? (u8)(colon[2] - '0') : 255;
    if (strncmp(at, "flags:", 6) == 0) call->flags_at = (u8)index;
    index++;
    at = strchr(colon, ' ');
    if (!at) break;
  }
}

int add_call(struct sensor *sensor, const char *text) {
  if (strchr(text, '/') || strchr(text, '*')) return add_prefix(text);
  size_t length = strcspn(text, ":");
  for (u32 i = 0; i < KNOWN; i++) {
    if (strlen(known[i].name) != length || strncmp(known[i].name, text, length) != 0) continue;
    if (known[i].nr < 0) return 0; /* this architecture has no such call */
    struct call call = {.event = (u16)(FIRST_SYSCALL + i)};
    describe(&call, known[i].shape);
    if (find_moves(known[i].name)) call.flags |= find_moves(known[i].name);
    bool opens = strcmp(known[i].name, "open") == 0 || strcmp(known[i].name, "openat") == 0;
    if (opens) call.flags |= CALL_OPEN;
    if (strcmp(known[i].name, "openat2") == 0) call.flags |= CALL_OPEN2;
    for (const char *letter = text + length; *letter; letter++) {
      if (*letter == 'f') call.flags |= CALL_FAILED;
      if (*letter == 'r') call.flags |= CALL_READS;
      if (*letter == 'p') call.flags |= CALL_READS | CALL_PREFIXES;
      if (*letter == 'w') call.flags |= CALL_WRITE_PREFIXES;
      if (*letter == 'c') call.flags |= CALL_CONTAINERS;
      if (*letter == 'o') call.flags |= CALL_ONCE;
      if (*letter >= '0' && *letter <= '9') call.sets |= 1u << (*letter - '0');
    }
    if (call.sets == 0) call.sets = 1;
    u32 nr = (u32)known[i].nr;
    wanted[i] = true;
    sets[i] = call.sets;
    return bpf_map_update_elem(bpf_map__fd(sensor->maps.calls), &nr, &call, BPF_ANY) < 0 ? -errno : 0;
  }
  return -ENOENT;
}

/* Decisions per directory hold until something moves: those calls are attached too, without being recorded. */
static int watch_moves(struct sensor *sensor) {
  for (u32 i = 0; i < KNOWN; i++) {
    u16 flags = find_moves(known[i].name);
    if (!flags || wanted[i] || known[i].nr < 0) continue;
    struct call call = {.event = (u16)(FIRST_SYSCALL + i), .flags = flags | CALL_SILENT};
    u32 nr = (u32)known[i].nr;
    if (bpf_map_update_elem(bpf_map__fd(sensor->maps.calls), &nr, &call, BPF_ANY) < 0) return -errno;
    silent[i] = true;
  }
  return 0;
}

/* Operations of io_uring by number, and the call each stands for. */
static const struct { u32 operation; const char *name; } operations[] = {
  {9, "sendmsg"}, {10, "recvmsg"}, {13, "accept4"}, {16, "connect"}, {18, "openat"}, {26, "sendto"}, {28, "openat2"}, {34, "shutdown"}, {35, "renameat"},
  {36, "unlinkat"}, {37, "mkdirat"}, {38, "symlinkat"}, {39, "linkat"}, {45, "socket"}, {56, "bind"}, {57, "listen"},
};

static void attach_uring(struct sensor *sensor) {
  size_t used = 0;
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    for (size_t k = 0; k < KNOWN; k++) {
      struct call call;
      u32 nr = (u32)known[k].nr;
      if (strcmp(known[k].name, operations[i].name) != 0 || !(wanted[k] || silent[k])) continue;
      if (bpf_map_lookup_elem(bpf_map__fd(sensor->maps.calls), &nr, &call) != 0) continue;
      if (bpf_map_update_elem(bpf_map__fd(sensor->maps.operations), &operations[i].operation, &call, BPF_ANY) == 0) used++;
    }
  }
  if (used > 0 && has_part("on_uring")) note_part("on_uring", bpf_program__attach(sensor->progs.on_uring));
}

static void list(char *names, size_t size, const char *name) {
  size_t used = strlen(names);
  snprintf(names + used, size - used, "%s\"%s\"", used ? "," : "", name);
}

/* What has no tracepoint is caught where every call passes: attached only when there is such a call, since all pay for it. */
static void attach_untraced(struct sensor *sensor, const bool *without) {
  bool any = false;
  for (u32 i = 0; i < KNOWN; i++) {
    if (!without[i]) continue;
    any = true;
    sensor->bss->untraced[known[i].nr / 64] |= 1ull << (known[i].nr % 64);
  }
  bool caught = any && has_part("on_any_syscall") && note_part("on_any_syscall", bpf_program__attach(sensor->progs.on_any_syscall));
  for (u32 i = 0; i < KNOWN; i++) {
    if (!without[i]) continue;
    list(caught ? untraced : missing, sizeof missing, known[i].name);
    attached += caught;
  }
}

void attach_calls(struct sensor *sensor) {
  bool without[KNOWN] = {false};
  if (load_prefixes(sensor) > 0) watch_moves(sensor);
  attach_uring(sensor);
  for (u32 i = 0; i < KNOWN; i++) {
    if (!has_part("on_syscall") || (!wanted[i] && !silent[i])) continue;
    char name[64];
    /* umount2 is the call, umount its tracepoint's name; both tables follow the kernel's. */
    snprintf(name, sizeof name, "sys_exit_%s", known[i].name);
    struct bpf_link *link = bpf_program__attach_tracepoint(sensor->progs.on_syscall, "syscalls", name);
    if (link) { note_part("on_syscall", link); attached += wanted[i]; continue; }
    if (silent[i]) continue; /* absent here: then nothing can move that way */
    without[i] = known[i].nr < 512;
    if (!without[i]) list(missing, sizeof missing, known[i].name);
  }
  attach_untraced(sensor, without);
}

u32 sets_of_call(u16 kind) { return kind >= FIRST_SYSCALL && kind < FIRST_SYSCALL + KNOWN ? sets[kind - FIRST_SYSCALL] : ~0u; }
size_t attached_calls(void) { return attached; }
const char *missing_calls(void) { return missing; }
const char *untraced_calls(void) { return untraced; }
