/* Only the kernel fields used, relocated by CO-RE to the running kernel's layout. */
#ifndef PALISADE_KERNEL_H
#define PALISADE_KERNEL_H
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
/* Selects the kernel's own register names. */
#define __VMLINUX_H__
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct kernfs_node { u64 id; const char *name; };
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys_state *parent; };
struct cgroup { struct cgroup_subsys_state self; struct kernfs_node *kn; };
struct css_set { struct cgroup_subsys_state *subsys[1]; struct cgroup *dfl_cgrp; };
struct qstr { u32 hash, len; const unsigned char *name; };
struct super_block { u32 s_dev; unsigned long s_magic; };
struct proc_ns_operations { const char *name; };
struct ns_common { const struct proc_ns_operations *ops; unsigned int inum; };
struct inode { void *i_private; u32 i_generation; unsigned short i_mode; struct { u32 val; } i_uid; struct super_block *i_sb; unsigned long i_ino; unsigned int i_nlink; s64 i_size;
  s64 i_mtime_sec; s64 i_ctime_sec; u32 i_mtime_nsec; u32 i_ctime_nsec; };
/* Before 6.6 the times were struct timespec64 with these names (6.11 made them plain numbers). */
struct timespec64 { s64 tv_sec; long tv_nsec; };
struct inode___old { struct timespec64 i_mtime; struct timespec64 i_ctime; struct timespec64 __i_ctime; };
struct inode___mid { struct timespec64 __i_mtime; struct timespec64 __i_ctime; };
struct dentry { struct dentry *d_parent; struct qstr d_name; struct inode *d_inode; };
struct ovl_inode { struct inode vfs_inode; struct dentry *__upperdentry; };
struct ovl_path { struct dentry *dentry; };
struct ovl_entry { unsigned int __numlower; };
struct ovl_inode___entry { struct ovl_entry *oe; };
struct vfsmount { struct dentry *mnt_root; };
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; u64 mnt_id_unique; };
struct mnt_namespace;
struct nsproxy { struct mnt_namespace *mnt_ns; };
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file { struct path f_path; struct inode *f_inode; void *private_data; };
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
struct fs_struct { struct path root; struct path pwd; };
struct mm_struct { unsigned long arg_start, arg_end, env_start, env_end; struct file *exe_file; };
struct cred { struct { u32 val; } uid, gid, euid, egid; struct caps { u64 val; } cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient; };
struct upid { int nr; };
struct pid { unsigned int level; struct upid numbers[1]; };
struct tty_driver { int major; int minor_start; };
struct tty_struct { int index; struct tty_driver *driver; };
struct signal_struct { struct pid *pids[4]; struct tty_struct *tty; };
struct seq_file;
struct thread_info { unsigned long flags; u32 status; };
struct task_struct { struct thread_info thread_info; int pid, tgid; struct task_struct *real_parent, *group_leader; const struct cred *cred; struct mm_struct *mm;
  struct fs_struct *fs; struct files_struct *files; struct css_set *cgroups; struct signal_struct *signal; struct pid *thread_pid;
  struct nsproxy *nsproxy; struct { u32 val; } loginuid; u64 start_boottime; char comm[16]; int exit_code; unsigned int flags; };
struct linux_binprm { struct file *file; const char *filename; };
struct in6_addr { u8 bytes[16]; };
struct sock_common { u32 skc_daddr, skc_rcv_saddr; u16 skc_dport, skc_num, skc_family; u8 skc_state; struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr; };
struct sock { struct sock_common __sk_common; u16 sk_protocol, sk_type; };
struct socket { short type; struct sock *sk; };
struct pt_regs { unsigned long di, si, dx, r10, r8, r9, orig_ax, ax, sp, ip, bp, cx; unsigned long regs[31]; u64 orig_x0; s32 syscallno; };
struct user_pt_regs { u64 regs[31]; };
struct pt_regs___arm64 { u64 orig_x0; };
struct filename { const char *name; };
struct open_how { u64 flags; };
struct io_cqe { int fd; };
struct io_kiocb { u8 opcode; struct io_cqe cqe; void *async_data; };
struct io_open { int dfd; struct filename *filename; struct open_how how; };
struct io_rename { int old_dfd, new_dfd; struct filename *oldpath, *newpath; };
struct io_unlink { int dfd, flags; struct filename *filename; };
struct io_mkdir { int dfd; unsigned short mode; struct filename *filename; };
struct io_link { int old_dfd, new_dfd; struct filename *oldpath, *newpath; };
struct io_socket { int domain, type, protocol; };
struct __kernel_sockaddr_storage { u16 ss_family; };
struct io_async_msghdr { struct __kernel_sockaddr_storage addr; };
#pragma clang attribute pop

/* Laid down by the tracepoint's format, not by a type of the kernel's. */
struct sys_exit_context { u64 common; long id; long ret; };

enum cgroup_subsys_id { pids_cgrp_id = 1 };

/* Makes an address a typed pointer, whose fields are plain loads (kernel 6.2 and later); the enum tells whether it is there. */
enum special_kfunc_type { KF_bpf_rdonly_cast = 10 };
extern void *bpf_rdonly_cast(const void *address, u32 type) __ksym __weak;
#define CAN_CAST bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast)
#define TYPED(type, address) ((type *)bpf_rdonly_cast(address, bpf_core_type_id_kernel(type)))
#endif
