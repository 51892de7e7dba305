/* Kill before the first instruction: decided in the kernel alone, pinned, so that it holds when every process of ours is dead. */
#include "emit.h"
#include "../request.h"

struct deny_path { char path[DENY_PATH]; };
struct deny_name { char name[16]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4096); __type(key, struct deny_path); __type(value, u32); } deny_paths SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct deny_name); __type(value, u32); } deny_names SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct deny_name); __type(value, u32); } deny_comms SEC(".maps");
/* Key: first 12 characters of the container's id; the empty key stands for every container. */
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4096); __type(key, struct deny_name); __type(value, u32); } deny_containers SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct deny_path); } deny_key SEC(".maps");

/* When a warden was last alive, ns since boot: written by it, so that the next one knows how long none was. */
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } heartbeat SEC(".maps");

static __always_inline u32 by_layer(struct record *r, u32 rule, struct file *file) {
  if (rule & DENY_ALL) return 1;
  struct inode *inode = BPF_CORE_READ(file, f_inode);
  u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);
  if ((rule & DENY_MEMFD) && BPF_CORE_READ(inode, i_nlink) == 0 && magic == 0x01021994) return 1;
  if (!(rule & DENY_UPPER) || magic != 0x794c7630 || !bpf_core_type_exists(struct ovl_inode)) return 0;
  struct ovl_inode *overlay = (struct ovl_inode *)((char *)inode - bpf_core_field_offset(struct ovl_inode, vfs_inode));
  return BPF_CORE_READ(overlay, __upperdentry) != 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_guard, struct task_struct *task, int old, struct linux_binprm *bprm) {
  u32 zero = 0;
  struct scratch *s = scratch(IN_TASK);
  struct deny_path *key = bpf_map_lookup_elem(&deny_key, &zero);
  struct file *file = bprm->file;
  if (!s || !key || !file) return 0;
  struct record *r = start_record(s, task, KIND_DENIED);
  struct deny_name name = {};
  u32 *rule;
  u32 cause = 0;
  __builtin_memcpy(name.name, r->container, 16);
  if (r->container[0]) {
    rule = bpf_map_lookup_elem(&deny_containers, &name);
    if (rule && by_layer(r, *rule, file)) cause = 1;
    __builtin_memset(&name, 0, sizeof name);
    rule = cause ? 0 : bpf_map_lookup_elem(&deny_containers, &name);
    if (rule && by_layer(r, *rule, file)) cause = 1;
  }
  if (!cause) {
    __builtin_memset(&name, 0, sizeof name);
    bpf_probe_read_kernel_str(name.name, sizeof name.name, BPF_CORE_READ(file, f_path.dentry, d_name.name));
    rule = bpf_map_lookup_elem(&deny_names, &name);
    if (rule && (!(*rule & DENY_CONTAINERS) || r->container[0])) cause = 2;
  }
  if (!cause) {
    __builtin_memset(&name, 0, sizeof name);
    bpf_probe_read_kernel_str(name.name, sizeof name.name, r->comm);
    rule = bpf_map_lookup_elem(&deny_comms, &name);
    if (rule && (!(*rule & DENY_CONTAINERS) || r->container[0])) cause = 4;
  }
  u32 at = s->used;
  add_path(IN_TASK, TAG_EXE, number(s, task), number(s, file) + bpf_core_field_offset(struct file, f_path));
  if (!cause && at == sizeof *r) {
    u32 length = s->used - at - 4;
    __builtin_memset(key, 0, sizeof *key);
    if (length < DENY_PATH) {
      bpf_probe_read_kernel(key->path, length & (DENY_PATH - 1), s->record + sizeof *r + 4);
      rule = bpf_map_lookup_elem(&deny_paths, key);
      if (rule && (!(*rule & DENY_CONTAINERS) || r->container[0])) cause = 3;
    }
  }
  if (!cause) return 0;
  r->arg0 = cause;
  r->result = bpf_send_signal(9);
  r->flags |= FLAG_KILLED;
  send_record(s);
  return 0;
}
