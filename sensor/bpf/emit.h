/* One record being made: header, fields, paths. State lives in a per-CPU scratch because a program has 512 bytes of stack. */
#ifndef PALISADE_EMIT_H
#define PALISADE_EMIT_H
#include "kernel.h"
#include "../record.h"
#include "../request.h"

#define PATH_SPACE 4096
#define LOSS_RING 0

/* Functions of their own, verified once: inlined into each use they took the verifier seconds. They take plain numbers,
 * since only those pass: which scratch, and addresses in the kernel or the process. */
#define PART __weak __noinline int

/* Who may be interrupted by whom needs a scratch of its own: socket hooks run in soft interrupts, iterators can be preempted. */
#define IN_TASK 0
#define IN_EGRESS 1
#define IN_INGRESS 2
#define IN_ITERATOR 3
#define SCRATCHES 4

struct scratch {
  u8 record[MAX_RECORD + MAX_FIELD + 8];
  char path[2 * PATH_SPACE];
  u32 used;
  u32 at; /* first byte of the path built so far */
  u32 done;
  struct dentry *dentry;
  struct mount *mount;
  struct dentry *root_dentry;
  struct mount *root_mount;
  u64 number;
  u64 args[8];
  struct path_key key; /* of the opened file, when the warden is to decide */
};

struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, SCRATCHES); __type(key, u32); __type(value, struct scratch); } scratches SEC(".maps") __attribute__((weak));
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 8 << 20); } ring SEC(".maps") __attribute__((weak));
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } losses SEC(".maps") __attribute__((weak));
struct container_name { char id[68]; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 16384); __type(key, u64); __type(value, struct container_name); } containers SEC(".maps") __attribute__((weak));
/* The sensor's own processes are never recorded: watching itself would be a loop. */
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u32); } own SEC(".maps") __attribute__((weak));

static __always_inline struct scratch *scratch(u32 which) {
  return bpf_map_lookup_elem(&scratches, &which);
}

/* Functions take addresses as plain numbers; the verifier takes a typed pointer for one once it has been in memory. */
static __always_inline u64 number(struct scratch *s, const void *pointer) {
  *(volatile u64 *)&s->number = (u64)pointer;
  return *(volatile u64 *)&s->number;
}

static __always_inline void lost(u32 cause) {
  u64 *count = bpf_map_lookup_elem(&losses, &cause);
  if (count) *count += 1;
}

/* Container ids are 64 hexadecimal digits: the cgroup's whole name (cgroupfs), or between prefix and ".scope" (systemd). */
static __always_inline int container_of_name(const char *name, struct container_name *out) {
  char buffer[100] = {};
  long length = bpf_probe_read_kernel_str(buffer, sizeof buffer, name) - 1;
  u32 from;
  if (length == 64) from = 0;
  else if (length > 70 && length < 99) from = length - 70;
  else return 0;
  if (from > 28) return 0;
  u8 first = buffer[from & 31], last = buffer[(from + 63) & 127];
  if (!((first >= '0' && first <= '9') || (first >= 'a' && first <= 'f'))) return 0;
  if (!((last >= '0' && last <= '9') || (last >= 'a' && last <= 'f'))) return 0;
  bpf_probe_read_kernel(out->id, 64, name + from);
  out->id[64] = 0;
  return 1;
}

/* The cgroup of the v1 tree that every engine uses, as a plain address; 0 where this kernel has none. */
static __always_inline struct cgroup *v1_group(u64 set) {
  struct cgroup_subsys_state *state = 0;
  if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) return 0;
  u64 index = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
  bpf_probe_read_kernel(&state, sizeof state, (void *)(set + bpf_core_field_offset(struct css_set, subsys) + index * sizeof(void *)));
  return BPF_CORE_READ(state, cgroup);
}

#define V1_KEY (1ull << 52) /* each tree counts its ids by itself */

static __always_inline u64 v1_key(u64 set) {
  struct cgroup *group = v1_group(set);
  return group ? BPF_CORE_READ(group, kn, id) | V1_KEY : 0;
}

/* Looks from the deepest cgroup upwards, so that a cgroup made inside a container (systemd in it) still counts as it.
 * What is found, also that there is nothing, is kept under the deepest cgroup's id. */
PART learn_container(u64 set) {
  for (int tree = 0; tree < 2; tree++) {
    struct container_name found = {};
    struct cgroup *group = tree ? v1_group(set) : BPF_CORE_READ((struct css_set *)set, dfl_cgrp);
    if (!group) break;
    u64 key = tree ? v1_key(set) : BPF_CORE_READ(group, kn, id);
    for (int depth = 0; depth < 5 && group; depth++) {
      if (container_of_name(BPF_CORE_READ(group, kn, name), &found)) break;
      struct cgroup_subsys_state *parent = BPF_CORE_READ(group, self.parent);
      group = parent ? BPF_CORE_READ(parent, cgroup) : 0;
    }
    bpf_map_update_elem(&containers, &key, &found, BPF_ANY);
  }
  return 0;
}

/* Null or an empty name: a process of the host. `id`: the cgroup's, under which the container is known. On a hybrid host
 * the unified cgroup may be the root for every container: then the v1 tree tells. */
static __always_inline struct container_name *container(struct task_struct *task, u64 *id) {
  u64 key = task->cgroups->dfl_cgrp->kn->id, set = 0;
  *id = key;
  struct container_name *known = bpf_map_lookup_elem(&containers, &key);
  if (known && known->id[0]) return known;
  bpf_core_read(&set, sizeof set, &task->cgroups);
  u64 other = v1_key(set);
  struct container_name *v1 = other ? bpf_map_lookup_elem(&containers, &other) : known;
  if (!known || !v1) {
    learn_container(set);
    known = bpf_map_lookup_elem(&containers, &key);
    if (known && known->id[0]) return known;
    v1 = other ? bpf_map_lookup_elem(&containers, &other) : 0;
  }
  if (v1 && v1->id[0]) *id = other;
  return v1 ? v1 : known;
}

static __always_inline u32 pid_in(struct pid *pid) {
  u32 level = BPF_CORE_READ(pid, level);
  int last = 0;
  if (level > 32) return 0;
  bpf_probe_read_kernel(&last, sizeof last, (char *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid));
  return last;
}

/* `task` is a typed pointer of the verifier's: its fields are plain loads, which cost a tenth of a helper call. */
static __always_inline struct record *start_record(struct scratch *s, struct task_struct *task, u16 kind) {
  struct record *r = (struct record *)s->record;
  u64 id = 0;
  s->used = sizeof *r;
  r->kind = kind;
  r->flags = 0;
  r->time = bpf_ktime_get_boot_ns();
  struct task_struct *leader = task->group_leader;
  r->start = leader->start_boottime;
  r->result = 0;
  const struct cred *cred = task->cred;
  BPF_CORE_READ_INTO(&r->caps, cred, cap_effective);
  r->uid = cred->uid.val;
  r->euid = cred->euid.val;
  r->gid = cred->gid.val;
  r->egid = cred->egid.val;
  r->pid = task->tgid;
  r->tid = task->pid;
  r->ppid = task->real_parent->tgid;
  r->vtid = pid_in(task->thread_pid);
  r->vpid = r->tid == r->pid ? r->vtid : pid_in(leader->thread_pid);
  struct signal_struct *signal = task->signal;
  struct pid *group = signal->pids[2], *session = signal->pids[3];
  r->pgid = BPF_CORE_READ(group, numbers[0].nr);
  r->sid = BPF_CORE_READ(session, numbers[0].nr);
  r->loginuid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val : -1;
  struct tty_struct *tty = signal->tty;
  r->tty = tty ? (BPF_CORE_READ(tty, driver, major) << 8 | (BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index))) : 0;
  r->cpu = bpf_get_smp_processor_id();
  r->arg0 = r->arg1 = r->arg2 = r->arg3 = r->arg4 = r->arg5 = 0;
  __builtin_memset(r->container, 0, sizeof r->container);
  struct container_name *name = container(task, &id);
  if (name && name->id[0]) __builtin_memcpy(r->container, name->id, 12);
  r->cgroup = id;
  BPF_CORE_READ_INTO(&r->comm, task, comm);
  return r;
}

static __always_inline u8 *field(struct scratch *s, u16 tag, u32 length) {
  u32 at = s->used;
  if (at > MAX_RECORD - 4 || length > MAX_FIELD) return 0;
  *(u16 *)(s->record + at) = tag;
  *(u16 *)(s->record + at + 2) = length;
  return s->record + at + 4;
}

/* Fixed bytes of the program's own. */
static __always_inline void add(struct scratch *s, u16 tag, const void *bytes, u32 length) {
  u32 at = s->used;
  if (at > MAX_RECORD - MAX_FIELD - 4) { ((struct record *)s->record)->flags |= FLAG_CUT; return; }
  u8 *to = field(s, tag, length);
  if (!to) return;
  bpf_probe_read_kernel(to, length, bytes);
  s->used = at + 4 + length;
}

static __always_inline void close_string(struct scratch *s, u32 at, u16 tag, long length) {
  struct record *r = (struct record *)s->record;
  if (length < 0) { r->flags |= FLAG_UNREADABLE; return; }
  if (length >= MAX_FIELD) r->flags |= FLAG_CUT;
  if (length > 0) length -= 1;
  if (at > MAX_RECORD) return;
  *(u16 *)(s->record + at) = tag;
  *(u16 *)(s->record + at + 2) = length;
  s->used = at + 4 + (length & (2 * MAX_FIELD - 1));
}

PART add_user_string(u32 which, u32 tag, u64 from) {
  struct scratch *s = scratch(which);
  if (!s) return 0;
  u32 at = s->used;
  if (at > MAX_RECORD - MAX_FIELD - 4) { ((struct record *)s->record)->flags |= FLAG_CUT; return 0; }
  close_string(s, at, tag, bpf_probe_read_user_str(s->record + at + 4, MAX_FIELD, (void *)from));
  return 0;
}

PART add_kernel_string(u32 which, u32 tag, u64 from) {
  struct scratch *s = scratch(which);
  if (!s) return 0;
  u32 at = s->used;
  if (at > MAX_RECORD - MAX_FIELD - 4) { ((struct record *)s->record)->flags |= FLAG_CUT; return 0; }
  close_string(s, at, tag, bpf_probe_read_kernel_str(s->record + at + 4, MAX_FIELD, (void *)from));
  return 0;
}

PART add_user_bytes(u32 which, u32 tag, u64 from, u64 length) {
  struct scratch *s = scratch(which);
  if (!s || length == 0) return 0;
  struct record *r = (struct record *)s->record;
  u32 at = s->used;
  if (length > MAX_FIELD - 1) { length = MAX_FIELD - 1; r->flags |= FLAG_CUT; }
  if (at > MAX_RECORD - MAX_FIELD - 4) { r->flags |= FLAG_CUT; return 0; }
  u32 size = length & (MAX_FIELD - 1);
  if (bpf_probe_read_user(s->record + at + 4, size, (void *)from) < 0) { r->flags |= FLAG_UNREADABLE; return 0; }
  *(u16 *)(s->record + at) = tag;
  *(u16 *)(s->record + at + 2) = size;
  s->used = at + 4 + size;
  return 0;
}

/* One step towards the root; bpf_loop calls it, since an unrolled walk passes the verifier's limit. */
static long walk_step(u32 index, void *which) {
  struct scratch *s = scratch(*(u32 *)which);
  if (!s) return 1;
  struct dentry *dentry = s->dentry;
  struct mount *mount = s->mount;
  if (dentry == s->root_dentry && mount == s->root_mount) return s->done = 1;
  struct dentry *top = BPF_CORE_READ(mount, mnt.mnt_root);
  if (dentry == top) {
    struct mount *parent = BPF_CORE_READ(mount, mnt_parent);
    if (parent == mount) return s->done = 1;
    s->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    s->mount = parent;
    return 0;
  }
  struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
  if (parent == dentry) { s->done = 2; return 1; } /* no mount above: memfd, pipe, detached */
  u32 length = BPF_CORE_READ(dentry, d_name.len);
  const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
  u32 at = s->at;
  if (length > 255) length = 255;
  if (at < length + 1 || at > PATH_SPACE) { s->done = 3; return 1; }
  at -= length + 1;
  at &= PATH_SPACE - 1;
  s->path[at] = '/';
  bpf_probe_read_kernel(&s->path[at + 1], length & 255, name);
  s->at = at;
  s->dentry = parent;
  return 0;
}

/* Adds the absolute path as the process sees it (its own root). A file outside any mount keeps its bare name. */
PART add_path(u32 which, u32 tag, u64 root_of, u64 of) {
  struct task_struct *task = (struct task_struct *)root_of;
  struct path *path = (struct path *)of;
  struct scratch *s = scratch(which);
  if (!s) return 0;
  struct vfsmount *mnt = BPF_CORE_READ(path, mnt);
  struct fs_struct *fs = BPF_CORE_READ(task, fs);
  u64 offset = bpf_core_field_offset(struct mount, mnt);
  struct record *r = (struct record *)s->record;
  s->dentry = BPF_CORE_READ(path, dentry);
  s->mount = (struct mount *)((char *)mnt - offset);
  s->root_dentry = BPF_CORE_READ(fs, root.dentry);
  s->root_mount = (struct mount *)((char *)BPF_CORE_READ(fs, root.mnt) - offset);
  s->at = PATH_SPACE;
  s->done = 0;
  struct dentry *start = s->dentry;
  bpf_loop(128, walk_step, &which, 0);
  u32 at = s->at;
  if (s->done == 2) { /* no leading slash and no parents: "memfd:name" */
    add_kernel_string(which, tag, (u64)BPF_CORE_READ(start, d_name.name));
    return 0;
  }
  if (s->done != 1) r->flags |= FLAG_CUT;
  if (at >= PATH_SPACE) { add(s, tag, "/", 1); return 0; }
  u32 length = (PATH_SPACE - at) & (PATH_SPACE - 1);
  u32 used = s->used;
  if (used > MAX_RECORD - MAX_FIELD - 4) { r->flags |= FLAG_CUT; return 0; }
  bpf_probe_read_kernel(s->record + used + 4, length, &s->path[at & (PATH_SPACE - 1)]);
  *(u16 *)(s->record + used) = tag;
  *(u16 *)(s->record + used + 2) = length;
  s->used = used + 4 + length;
  return 0;
}

static __always_inline struct file *file_of(struct task_struct *task, u32 fd) {
  struct fdtable *table = task->files->fdt;
  struct file *file = 0;
  if (fd >= table->max_fds) return 0;
  bpf_probe_read_kernel(&file, sizeof file, (struct file **)table->fd + fd);
  return file;
}

static __always_inline u16 from_network(u16 value) { return __builtin_bswap16(value); }

static __always_inline void fill_socket(struct socket_info *info, struct file *file) {
  struct socket *socket = BPF_CORE_READ(file, private_data);
  struct sock *sk = BPF_CORE_READ(socket, sk);
  info->family = BPF_CORE_READ(sk, __sk_common.skc_family);
  info->type = BPF_CORE_READ(socket, type);
  info->protocol = BPF_CORE_READ(sk, sk_protocol);
  info->state = BPF_CORE_READ(sk, __sk_common.skc_state);
  info->ino = BPF_CORE_READ(file, f_inode, i_ino);
  if (info->family != 2 && info->family != 10) return;
  info->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
  info->remote_port = from_network(BPF_CORE_READ(sk, __sk_common.skc_dport));
  if (info->family == 2) {
    u32 local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
    __builtin_memcpy(info->local, &local, 4);
    __builtin_memcpy(info->remote, &remote, 4);
  } else {
    BPF_CORE_READ_INTO(&info->local, sk, __sk_common.skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO(&info->remote, sk, __sk_common.skc_v6_daddr);
  }
}

#define NAMESPACES 0x6e736673

/* "net:[4026531840]", as /proc shows it: such a file has no name of its own. */
static __always_inline void add_namespace(struct scratch *s, u16 tag, struct file *file) {
  struct ns_common *space = BPF_CORE_READ(file, f_inode, i_private);
  static const char format[] = "%s:[%u]";
  char name[16] = {}, text[40] = {};
  bpf_probe_read_kernel_str(name, sizeof name, BPF_CORE_READ(space, ops, name));
  u64 values[2] = {(u64)name, BPF_CORE_READ(space, inum)};
  long length = bpf_snprintf(text, sizeof text, format, values, sizeof values) - 1;
  if (length > 0 && length < sizeof text) add(s, tag, text, length);
}

PART add_file(u32 which, u32 tags, u64 root_of, u64 of) {
  struct file *file = (struct file *)of;
  struct scratch *s = scratch(which);
  if (!s || !file) return 0;
  u16 mode = BPF_CORE_READ(file, f_inode, i_mode);
  if ((mode & 0170000) == 0140000) {
    struct socket_info info = {};
    fill_socket(&info, file);
    add(s, tags >> 16, &info, sizeof info);
    return 0;
  }
  if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) == NAMESPACES) {
    add_namespace(s, tags & 0xffff, file);
    return 0;
  }
  u64 path = of + bpf_core_field_offset(struct file, f_path);
  add_path(which, tags & 0xffff, root_of, path);
  return 0;
}
#define FILE_OR_SOCKET(file, socket) ((u32)(socket) << 16 | (file))

/* Waking the reader per event makes an open loop 3.6 times slower: it polls, and is woken only when much waits. */
static __always_inline void send_record(struct scratch *s) {
  struct record *r = (struct record *)s->record;
  u32 size = s->used;
  if (size > MAX_RECORD) size = MAX_RECORD;
  r->size = size;
  u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
  if (bpf_ringbuf_output(&ring, r, size, waiting > 131072 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP) != 0) lost(LOSS_RING);
}
#endif
