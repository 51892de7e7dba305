/* Which opens a rule asks for, by path. Opens are the machine's most frequent act, and a walk to the root costs 670 ns:
 * what a directory's path means for the loaded prefixes is kept per directory. A decision holds for one mount, seen from
 * one root, until something is renamed, mounted or unmounted anywhere (`epoch`). */
#ifndef PALISADE_DIRECTORY_H
#define PALISADE_DIRECTORY_H
#include "emit.h"
#include "../request.h"

struct prefix { u32 bits; char path[PREFIX]; };
struct folder { char path[PREFIX]; };
/* Values are sets: bit n stands for the prefixes of set n. `folders`: directories of which only some names are asked for. */
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 1024); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct prefix); __type(value, u32); } prefixes SEC(".maps") __weak;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, struct folder); __type(value, u32); } folders SEC(".maps") __weak;
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct prefix); } prefix_key SEC(".maps") __weak;

struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 32768); __type(key, struct path_key); __type(value, struct decision); } decisions SEC(".maps") __weak;

__weak u32 texts; /* sets that ask for names by a part of them: decided per file, by the warden, which can search */
__weak u32 epoch;
__weak u64 walks; /* paths walked for a decision: what the cache is there to avoid */

/* A mount's number is never used again where the kernel has one; elsewhere the warden counts `epoch` up each second. */
static __always_inline u64 mount_id(struct vfsmount *mnt) {
  struct mount *mount = (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
  if (!bpf_core_field_exists(mount->mnt_id_unique)) return (u64)mount;
  return CAN_CAST ? TYPED(struct mount, mount)->mnt_id_unique : BPF_CORE_READ(mount, mnt_id_unique);
}

/* Reads the path of a file into the scratch and says which sets ask for it; remembers its directory's decision under `key`
 * unless `name` is all of what decides. */
PART walk_decision(u64 of, struct path_key *directory, u32 name_length) {
  struct scratch *s = scratch(IN_TASK);
  u32 zero = 0;
  struct prefix *key = bpf_map_lookup_elem(&prefix_key, &zero);
  if (!s || !key || !directory) return -1;
  s->used = sizeof(struct record);
  ((struct record *)s->record)->flags = 0;
  add_path(IN_TASK, 0, number(s, bpf_get_current_task_btf()), of + bpf_core_field_offset(struct file, f_path));
  __sync_fetch_and_add(&walks, 1);
  if (((struct record *)s->record)->flags & FLAG_CUT) return -1; /* unknown: every set */
  u32 length = s->used - sizeof(struct record) - 4;
  u32 most = length > PREFIX ? PREFIX : length;
  u8 *path = s->record + sizeof(struct record) + 4;
  __builtin_memset(key->path, 0, PREFIX);
  bpf_probe_read_kernel(key->path, most, path);
  key->bits = most * 8;
  u32 *sets = bpf_map_lookup_elem(&prefixes, key);
  int result = sets ? *sets : 0;
  if (s->done != 1 || name_length >= length) return result; /* no directory to remember: memfd, pipe */
  length -= name_length;
  struct decision decision = {};
  most = length > PREFIX ? PREFIX : length;
  __builtin_memset(key->path, 0, PREFIX);
  bpf_probe_read_kernel(key->path, most, path);
  key->bits = most * 8;
  sets = bpf_map_lookup_elem(&prefixes, key);
  if (sets) decision.all = *sets;
  sets = length > PREFIX ? 0 : bpf_map_lookup_elem(&folders, &key->path);
  if (sets) decision.some = *sets;
  bpf_map_update_elem(&decisions, directory, &decision, BPF_ANY);
  return result;
}

/* Where an opened file lies. The same read twice: by plain loads, and by helper calls for kernels without typed casts. */
static __always_inline u32 locate(struct path_key *key, struct file *file, int by_name) {
  if (CAN_CAST) {
    struct file *typed = TYPED(struct file, file);
    struct dentry *dentry = typed->f_path.dentry;
    struct vfsmount *mnt = typed->f_path.mnt;
    struct inode *folder = dentry->d_parent->d_inode;
    key->ino = folder->i_ino;
    key->generation = folder->i_generation;
    key->mount = mount_id(mnt);
    if (by_name) key->name = (u64)dentry->d_name.len << 32 | dentry->d_name.hash;
    return dentry == mnt->mnt_root ? 0 : dentry->d_name.len;
  }
  struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
  struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
  struct inode *folder = BPF_CORE_READ(dentry, d_parent, d_inode);
  key->ino = BPF_CORE_READ(folder, i_ino);
  key->generation = BPF_CORE_READ(folder, i_generation);
  key->mount = mount_id(mnt);
  if (by_name) key->name = (u64)BPF_CORE_READ(dentry, d_name.len) << 32 | BPF_CORE_READ(dentry, d_name.hash);
  return dentry == BPF_CORE_READ(mnt, mnt_root) ? 0 : BPF_CORE_READ(dentry, d_name.len);
}

#define ASKED 1
#define UNDECIDED 2

/* Whether an opened file's path is asked for by one of `sets`. Undecided: sent with its key, for the warden to say so once. */
static __always_inline int asked_for(struct task_struct *task, struct file *file, u32 sets, struct path_key *key) {
  struct fs_struct *fs = task->fs;
  int by_name = (*(volatile u32 *)&texts & sets) != 0;
  key->epoch = *(volatile u32 *)&epoch;
  key->root_mount = mount_id(fs->root.mnt);
  key->root = (u64)fs->root.dentry;
  u32 length = locate(key, file, by_name);
  struct decision *known = length ? bpf_map_lookup_elem(&decisions, key) : 0;
  if (known && (known->all & sets)) return ASKED;
  if (known && !(known->some & sets)) return 0;
  /* A file that is mounted itself has no name in its folder: its own path decides, and nothing is remembered. */
  if (by_name) return length ? UNDECIDED : ASKED;
  return (walk_decision((u64)file, key, length ? length : MAX_RECORD) & sets) ? ASKED : 0;
}
#endif
