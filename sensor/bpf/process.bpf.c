/* Processes: exec, fork, exit. Runs in scheduler hooks, which cost nothing where no process starts. */
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";
#define OVERLAYFS 0x794c7630
#define TMPFS 0x01021994

static __always_inline u16 layer_flags(struct file *file) {
  struct inode *inode = BPF_CORE_READ(file, f_inode);
  u64 magic = BPF_CORE_READ(inode, i_sb, s_magic);
  u16 flags = BPF_CORE_READ(inode, i_nlink) == 0 ? FLAG_DELETED : 0;
  if (magic == TMPFS && flags) {
    char name[8] = {};
    bpf_probe_read_kernel(name, 6, BPF_CORE_READ(file, f_path.dentry, d_name.name));
    if (name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' && name[4] == 'd' && name[5] == ':') flags |= FLAG_MEMFD;
  }
  if (magic != OVERLAYFS || !bpf_core_type_exists(struct ovl_inode)) return flags;
  struct ovl_inode *overlay = (struct ovl_inode *)((char *)inode - bpf_core_field_offset(struct ovl_inode, vfs_inode));
  if (!BPF_CORE_READ(overlay, __upperdentry)) return flags;
  flags |= FLAG_UPPER;
  struct ovl_inode___entry *with = (void *)overlay;
  if (bpf_core_field_exists(with->oe)) {
    struct ovl_entry *entry = BPF_CORE_READ(with, oe);
    if (!entry || BPF_CORE_READ(entry, __numlower) == 0) flags |= FLAG_NO_LOWER;
  }
  return flags;
}

static __always_inline void fill_inode(struct inode_info *info, struct inode *inode) {
  info->ino = BPF_CORE_READ(inode, i_ino);
  info->dev = BPF_CORE_READ(inode, i_sb, s_dev);
  info->size = BPF_CORE_READ(inode, i_size);
  info->mode = BPF_CORE_READ(inode, i_mode);
  info->uid = BPF_CORE_READ(inode, i_uid.val);
  if (bpf_core_field_exists(inode->i_ctime_sec)) {
    info->ctime = BPF_CORE_READ(inode, i_ctime_sec) * 1000000000 + BPF_CORE_READ(inode, i_ctime_nsec);
    info->mtime = BPF_CORE_READ(inode, i_mtime_sec) * 1000000000 + BPF_CORE_READ(inode, i_mtime_nsec);
    return;
  }
  struct inode___mid *mid = (void *)inode;
  struct inode___old *old = (void *)inode;
  if (bpf_core_field_exists(mid->__i_mtime)) {
    info->ctime = BPF_CORE_READ(mid, __i_ctime.tv_sec) * 1000000000 + BPF_CORE_READ(mid, __i_ctime.tv_nsec);
    info->mtime = BPF_CORE_READ(mid, __i_mtime.tv_sec) * 1000000000 + BPF_CORE_READ(mid, __i_mtime.tv_nsec);
  } else if (bpf_core_field_exists(old->i_mtime)) {
    info->ctime = BPF_CORE_READ(old, i_ctime.tv_sec) * 1000000000 + BPF_CORE_READ(old, i_ctime.tv_nsec);
    info->mtime = BPF_CORE_READ(old, i_mtime.tv_sec) * 1000000000 + BPF_CORE_READ(old, i_mtime.tv_nsec);
  }
}

static __always_inline void describe(u32 which, struct scratch *s, struct record *r, struct task_struct *task, int live) {
  struct mm_struct *mm = task->mm;
  struct file *exe = BPF_CORE_READ(mm, exe_file);
  const struct cred *cred = BPF_CORE_READ(task, cred);
  u64 caps[5] = {};
  BPF_CORE_READ_INTO(&caps[0], cred, cap_effective);
  BPF_CORE_READ_INTO(&caps[1], cred, cap_permitted);
  BPF_CORE_READ_INTO(&caps[2], cred, cap_inheritable);
  BPF_CORE_READ_INTO(&caps[3], cred, cap_bset);
  BPF_CORE_READ_INTO(&caps[4], cred, cap_ambient);
  u64 group = r->cgroup;
  struct container_name *name = bpf_map_lookup_elem(&containers, &group);
  if (name && name->id[0]) add(s, TAG_CONTAINER, name->id, 64);
  add(s, TAG_CAPS, caps, sizeof caps);
  if (!exe) return;
  struct inode_info info = {};
  r->flags |= layer_flags(exe);
  fill_inode(&info, BPF_CORE_READ(exe, f_inode));
  add(s, TAG_INODE, &info, sizeof info);
  add_path(which, TAG_EXE, number(s, task), number(s, exe) + bpf_core_field_offset(struct file, f_path));
  add_path(which, TAG_CWD, number(s, task), number(s, task->fs) + bpf_core_field_offset(struct fs_struct, pwd));
  if (!live) return;
  u64 args = BPF_CORE_READ(mm, arg_start), envs = BPF_CORE_READ(mm, env_start);
  add_user_bytes(which, TAG_ARGV, args, BPF_CORE_READ(mm, arg_end) - args);
  add_user_bytes(which, TAG_ENV, envs, BPF_CORE_READ(mm, env_end) - envs);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old, struct linux_binprm *bprm) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct scratch *s = scratch(IN_TASK);
  if (!s || bpf_map_lookup_elem(&own, &pid)) return 0;
  struct record *r = start_record(s, task, KIND_EXEC);
  if (task->nsproxy->mnt_ns != task->real_parent->nsproxy->mnt_ns) r->flags |= FLAG_ENTERED;
  describe(IN_TASK, s, r, task, 1);
  add_kernel_string(IN_TASK, TAG_SCRIPT, number(s, bprm->filename));
#pragma unroll
  for (u32 fd = 0; fd < 3; fd++) add_file(IN_TASK, FILE_OR_SOCKET(TAG_STDIO_FILE + fd, TAG_STDIO + fd), number(s, task), (u64)file_of(task, fd));
  send_record(s);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  if (child->pid != child->tgid) return 0; /* threads carry nothing a rule reads */
  struct scratch *s = scratch(IN_TASK);
  if (!s) return 0;
  struct record *r = start_record(s, child, KIND_FORK);
  r->ppid = child->real_parent->tgid;
  r->arg0 = parent->tgid;
  send_record(s);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task) {
  if (task->pid != task->tgid) return 0;
  struct scratch *s = scratch(IN_TASK);
  if (!s) return 0;
  struct record *r = start_record(s, task, KIND_EXIT);
  r->result = task->exit_code;
  send_record(s);
  return 0;
}

/* Processes that were there first: without them the first alert of an old server has no ancestors. */
struct bpf_iter_meta { struct seq_file *seq; } __attribute__((preserve_access_index));
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } __attribute__((preserve_access_index));

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (!task || task->pid != task->tgid) return 0;
  struct scratch *s = scratch(IN_ITERATOR);
  if (!s) return 0;
  struct record *r = start_record(s, task, KIND_TASK);
  describe(IN_ITERATOR, s, r, task, 0);
  send_record(s);
  return 0;
}
