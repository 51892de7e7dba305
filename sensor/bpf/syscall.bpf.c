/* Syscalls at their exit: the arguments' pages are warm, descriptors resolve to real files, and the result is known.
 * One program serves every tracepoint it is attached to; what to read of each call stands in `calls`. */
#include "emit.h"
#include "../request.h"

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 512); __type(key, u32); __type(value, struct call); } calls SEC(".maps");

/* Opens for reading are the machine's most frequent act: where every loaded rule names the directories it reads about,
 * only those leave the kernel. */
struct prefix { u32 bits; char path[PREFIX]; };
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 1024); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct prefix); __type(value, u32); } prefixes SEC(".maps");

struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct prefix); } prefix_key SEC(".maps");

/* The last field is the opened file's path, beginning at `at`. */
static __always_inline int below_prefix(struct scratch *s, u32 at) {
  u32 zero = 0;
  struct prefix *key = bpf_map_lookup_elem(&prefix_key, &zero);
  if (!key || at > MAX_RECORD - 8 || s->used < at + 5) return 0;
  u32 length = s->used - at - 4;
  if (length > PREFIX) length = PREFIX;
  __builtin_memset(key->path, 0, PREFIX);
  bpf_probe_read_kernel(key->path, length, s->record + at + 4);
  key->bits = length * 8;
  return bpf_map_lookup_elem(&prefixes, key) != 0;
}

static __always_inline int wanted_result(struct call *call, s64 result) {
  if (result >= 0) return 1;
  return (call->flags & CALL_FAILED) != 0 || result == -115; /* EINPROGRESS is how a non-blocking connect succeeds */
}

static __always_inline void argument(struct scratch *s, struct task_struct *task, struct call *call, u32 index, u64 *args) {
  u8 kind = call->kind[index & 7];
  u64 value = args[index];
  if (kind == ARG_STRING) { if (value) add_user_string(s, TAG_ARG + index, (void *)value); return; }
  if (kind == ARG_FD) { add_file(s, TAG_FILE + index, TAG_SOCKET + index, task, file_of(task, value)); return; }
  if (kind == ARG_ADDRESS) {
    u8 which = call->extra[index & 7];
    u64 length = which == 2 ? args[2] : args[5];
    if (value) add_user_bytes(s, TAG_ARG + index, (void *)value, length > 128 ? 128 : length);
    return;
  }
  if (kind != ARG_PATH || !value) return;
  u32 at = s->used;
  add_user_string(s, TAG_ARG + index, (void *)value);
  if (at > MAX_RECORD - 8 || s->record[at + 4] == '/') return;
  u8 base = call->extra[index & 7];
  int fd = base == 0 ? (int)args[0] : base == 1 ? (int)args[1] : base == 2 ? (int)args[2] : -100;
  if (fd == -100) { add_path(s, TAG_BASE + index, task, &task->fs->pwd); return; }
  struct file *file = file_of(task, fd);
  if (file) add_path(s, TAG_BASE + index, task, &file->f_path);
}

SEC("tp/syscalls/sys_exit_openat")
int on_syscall(struct sys_exit_context *ctx) {
  struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
  struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs((void *)task);
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  long id = 0, ret = 0;
  bpf_probe_read_kernel(&id, sizeof id, (char *)ctx + 8);
  bpf_probe_read_kernel(&ret, sizeof ret, (char *)ctx + 16);
  u32 nr = id;
  struct call *call = bpf_map_lookup_elem(&calls, &nr);
  if (!call || call->event == 0 || !wanted_result(call, ret)) return 0;
  u64 args[6] = {PT_REGS_PARM1_CORE_SYSCALL(regs), PT_REGS_PARM2_CORE_SYSCALL(regs), PT_REGS_PARM3_CORE_SYSCALL(regs),
                 PT_REGS_PARM4_CORE_SYSCALL(regs), PT_REGS_PARM5_CORE_SYSCALL(regs), 0};
#ifdef __TARGET_ARCH_x86
  args[5] = BPF_CORE_READ(regs, r9);
#else
  args[5] = BPF_CORE_READ((struct user_pt_regs *)regs, regs[5]);
#endif
  int reads = 0;
  if ((call->flags & CALL_OPEN) && ret >= 0) {
    u64 flags = args[call->flags_at & 3];
    reads = (flags & 3) == 0;
    if (reads && !(call->flags & CALL_READS)) return 0;
  }
  if (bpf_map_lookup_elem(&own, &pid)) return 0;
  struct scratch *s = scratch();
  if (!s) return 0;
  struct record *r = start_record(s, task, call->event);
  if ((call->flags & CALL_CONTAINERS) && !r->container[0]) return 0;
  r->result = ret;
  r->arg0 = args[0]; r->arg1 = args[1]; r->arg2 = args[2]; r->arg3 = args[3]; r->arg4 = args[4]; r->arg5 = args[5];
  if (call->flags & CALL_OPEN2) bpf_probe_read_user(&r->arg2, 8, (void *)args[2]); /* struct open_how: flags first */
#pragma unroll
  for (u32 index = 0; index < 6; index++) argument(s, task, call, index, args);
  u32 at = s->used;
  if ((call->flags & CALL_RETURNS_FD) && ret >= 0) add_file(s, TAG_RETURN_FILE, TAG_RETURN_SOCKET, task, file_of(task, ret));
  if (reads && (call->flags & CALL_PREFIXES) && !below_prefix(s, at)) return 0;
  send_record(s);
  return 0;
}
