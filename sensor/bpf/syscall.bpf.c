/* Syscalls at their exit: the arguments' pages are warm, descriptors resolve to real files, and the result is known.
 * One program serves every tracepoint it is attached to; what to read of each call stands in `calls`. What is not asked
 * for leaves before the first expensive step: order matters here. */
#include "directory.h"

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 512); __type(key, u32); __type(value, struct call); } calls SEC(".maps");
struct skip { char container[16]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct skip); __type(value, u32); } skipped SEC(".maps");
/* Calls of which the first on a descriptor, to one peer, says all. */
struct once { u64 file; u64 address[2]; u32 pid; u16 event; u16 port; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 8192); __type(key, struct once); __type(value, u8); } seen SEC(".maps");

u32 skips; /* containers on the skip list, so that an empty list costs a load */

static __always_inline int wanted_result(struct call *call, s64 result) {
  if (result >= 0) return 1;
  return (call->flags & CALL_FAILED) != 0 || result == -115; /* EINPROGRESS is how a non-blocking connect succeeds */
}

PART add_argument(u32 kind_and_index, u64 value, u64 base, u64 length) {
  struct task_struct *task = bpf_get_current_task_btf();
  u32 kind = kind_and_index & 255, index = kind_and_index >> 8 & 7;
  struct scratch *s = scratch(IN_TASK);
  if (!s) return 0;
  if (kind == ARG_FD) { add_file(IN_TASK, FILE_OR_SOCKET(TAG_FILE + index, TAG_SOCKET + index), number(s, task), (u64)file_of(task, value)); return 0; }
  if (!value) return 0;
  if (kind == ARG_STRING) { add_user_string(IN_TASK, TAG_ARG + index, value); return 0; }
  if (kind == ARG_ADDRESS) { add_user_bytes(IN_TASK, TAG_ARG + index, value, length > 128 ? 128 : length); return 0; }
  if (kind == ARG_MESSAGE) { /* struct msghdr: name, then its length */
    struct { u64 name; u32 length; } message = {};
    if (bpf_probe_read_user(&message, sizeof message, (void *)value) == 0 && message.name) add_user_bytes(IN_TASK, TAG_ARG + index, message.name, message.length > 128 ? 128 : message.length);
    return 0;
  }
  if (kind != ARG_PATH) return 0;
  u32 at = s->used;
  add_user_string(IN_TASK, TAG_ARG + index, value);
  if (at > MAX_RECORD - 8 || s->record[at + 4] == '/') return 0;
  int fd = base;
  if (fd == -100) { add_path(IN_TASK, TAG_BASE + index, number(s, task), number(s, task->fs) + bpf_core_field_offset(struct fs_struct, pwd)); return 0; }
  u64 file = (u64)file_of(task, fd);
  if (file) add_path(IN_TASK, TAG_BASE + index, number(s, task), file + bpf_core_field_offset(struct file, f_path));
  return 0;
}

static long argument(u32 index, void *context) {
  struct call *call = *(struct call **)context;
  struct scratch *s = scratch(IN_TASK);
  u8 kind = call->kind[index & 7], which = call->extra[index & 7];
  if (!s || kind <= ARG_INTEGER) return 0;
  u64 base = which <= 2 ? s->args[which & 3] : (u64)-100;
  add_argument((index & 7) << 8 | kind, s->args[index & 7], base, which == 2 ? s->args[2] : s->args[5]);
  return 0;
}

/* Whether this process did this before with this descriptor. The peer of an unconnected socket is part of the question. */
static __always_inline int repeated(struct task_struct *task, struct call *call, u64 *args) {
  struct once key = {.file = (u64)file_of(task, args[0]), .pid = task->tgid, .event = call->event};
  u64 from = call->kind[4] == ARG_ADDRESS ? args[4] : 0;
  if (call->kind[1] == ARG_MESSAGE) bpf_probe_read_user(&from, 8, (void *)args[1]);
  struct { u16 family, port; u64 rest[2]; } address = {};
  if (from && bpf_probe_read_user(&address, 20, (void *)from) == 0) {
    key.port = address.port;
    key.address[0] = address.rest[0];
    key.address[1] = address.family == 2 ? 0 : address.rest[1];
    if (address.family == 2) key.address[0] &= 0xffffffff;
  }
  u8 one = 1;
  if (bpf_map_lookup_elem(&seen, &key)) return 1;
  bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
  return 0;
}

/* Containers of which nothing is wanted, or processes of the host where only containers are. */
PART unwanted(u32 flags) {
  struct skip key = {};
  u64 id;
  struct container_name *name = container(bpf_get_current_task_btf(), &id);
  if ((flags & CALL_CONTAINERS) && (!name || !name->id[0])) return 1;
  if (name) __builtin_memcpy(key.container, name->id, 12);
  return *(volatile u32 *)&skips && bpf_map_lookup_elem(&skipped, &key);
}

/* The record of a call that passed every filter; its arguments are in the scratch. */
PART record_call(u32 nr, s64 ret, u64 how, u32 asked) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct call *call = bpf_map_lookup_elem(&calls, &nr);
  struct scratch *s = scratch(IN_TASK);
  if (!s || !call) return 0;
  struct record *r = start_record(s, task, call->event);
  r->result = ret;
  __builtin_memcpy(&r->arg0, s->args, 48);
  if (call->flags & CALL_OPEN2) r->arg2 = how;
  bpf_loop(6, argument, &call, 0);
  if ((call->flags & CALL_RETURNS_FD) && ret >= 0) add_file(IN_TASK, FILE_OR_SOCKET(TAG_RETURN_FILE, TAG_RETURN_SOCKET), number(s, task), (u64)file_of(task, ret));
  if (asked == UNDECIDED) {
    r->flags |= FLAG_UNDECIDED;
    add(s, TAG_KEY, &s->key, sizeof s->key);
  }
  send_record(s);
  return 0;
}

static __always_inline int take_call(u32 nr, s64 ret) {
  struct call *call = bpf_map_lookup_elem(&calls, &nr);
  if (!call || call->event == 0) return 0;
  u32 flags = call->flags;
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
  if ((flags & CALL_MOVES) && ret >= 0) {
    if (!(flags & CALL_REMOVES) || (regs->dx & 0x200)) __sync_fetch_and_add(&epoch, 1); /* unlinkat with AT_REMOVEDIR */
  }
  if ((flags & CALL_SILENT) || !wanted_result(call, ret)) return 0;
  u64 args[6];
#ifdef __TARGET_ARCH_x86
  args[0] = regs->di; args[1] = regs->si; args[2] = regs->dx; args[3] = regs->r10; args[4] = regs->r8; args[5] = regs->r9;
#else
  args[0] = regs->orig_x0; args[1] = regs->regs[1]; args[2] = regs->regs[2]; args[3] = regs->regs[3]; args[4] = regs->regs[4]; args[5] = regs->regs[5];
#endif
  struct path_key key = {};
  int asked = ASKED;
  u64 how = args[call->flags_at & 3];
  if (flags & CALL_OPEN2) bpf_probe_read_user(&how, 8, (void *)args[2]); /* struct open_how: flags first */
  if ((flags & (CALL_OPEN | CALL_OPEN2)) && ret >= 0) {
    u32 reads = (how & 3) == 0 && !(how & 0100); /* O_CREAT makes even a read-only open a write */
    if (reads && !(flags & (CALL_READS | CALL_PREFIXES))) return 0;
    if (flags & (reads ? CALL_PREFIXES : CALL_WRITE_PREFIXES)) {
      asked = asked_for(task, file_of(task, ret), call->sets, &key);
      if (!asked) return 0;
    }
  }
  if ((flags & CALL_ONCE) && repeated(task, call, args)) return 0;
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct scratch *s = scratch(IN_TASK);
  if (!s || bpf_map_lookup_elem(&own, &pid)) return 0;
  if (((flags & CALL_CONTAINERS) || *(volatile u32 *)&skips) && unwanted(flags)) return 0;
  __builtin_memcpy(s->args, args, sizeof args);
  s->key = key;
  record_call(nr, ret, how, asked);
  return 0;
}

SEC("tp/syscalls/sys_exit_openat")
int on_syscall(struct sys_exit_context *ctx) { return take_call(ctx->id, ctx->ret); }

/* Calls that have no tracepoint of their own: every call of the machine passes here, so it is attached only where a rule
 * asks for one, and all others leave at the bitmap. */
u64 untraced[8];
/* A 32-bit call, whose numbers mean others. */
#ifdef __TARGET_ARCH_x86
#define COMPAT(task) ((task)->thread_info.status & 2) /* TS_COMPAT, arch/x86/include/asm/thread_info.h */
#define NUMBER(regs) ((regs)->orig_ax)
#else
#define COMPAT(task) ((task)->thread_info.flags >> 22 & 1) /* TIF_32BIT, arch/arm64/include/asm/thread_info.h */
#define NUMBER(regs) ((u64)(s64)(regs)->syscallno)
#endif

SEC("tp_btf/sys_exit")
int BPF_PROG(on_any_syscall, struct pt_regs *regs, long ret) {
  u64 nr = NUMBER(regs);
  if (nr >= 512 || !(*(volatile u64 *)&untraced[nr >> 6 & 7] >> (nr & 63) & 1) || COMPAT(bpf_get_current_task_btf())) return 0;
  return take_call(nr, ret);
}
