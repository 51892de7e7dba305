/* What is done through io_uring is no syscall of its own. Each operation that has one is recorded as that call, as it is
 * submitted: names and addresses are the kernel's copies by then, the result is not known yet (FLAG_URING). */
#include "directory.h"

#define FIRST(op) ((op) == 18 || (op) == 28)
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 128); __type(key, u32); __type(value, struct call); } operations SEC(".maps");

static __always_inline void add_name(struct scratch *s, struct task_struct *task, u32 index, struct filename *filename, int fd) {
  u32 at = s->used;
  add_kernel_string(IN_TASK, TAG_ARG + index, (u64)BPF_CORE_READ(filename, name));
  if (at > MAX_RECORD - 8 || s->record[at + 4] == '/') return;
  if (fd == -100) { add_path(IN_TASK, TAG_BASE + index, number(s, task), number(s, task->fs) + bpf_core_field_offset(struct fs_struct, pwd)); return; }
  u64 file = (u64)file_of(task, fd);
  if (file) add_path(IN_TASK, TAG_BASE + index, number(s, task), file + bpf_core_field_offset(struct file, f_path));
}

/* Names below no loaded prefix are left out; a relative one could be anywhere. */
static __always_inline int unasked(struct call *call, struct io_kiocb *req, u64 how) {
  u32 reads = (how & 3) == 0 && !(how & 0100), zero = 0;
  if (reads && !(call->flags & (CALL_READS | CALL_PREFIXES))) return 1;
  if (!(call->flags & (reads ? CALL_PREFIXES : CALL_WRITE_PREFIXES)) || (*(volatile u32 *)&texts & call->sets)) return 0;
  struct prefix *key = bpf_map_lookup_elem(&prefix_key, &zero);
  if (!key) return 0;
  __builtin_memset(key->path, 0, PREFIX);
  long length = bpf_probe_read_kernel_str(key->path, PREFIX, BPF_CORE_READ((struct io_open *)req, filename, name)) - 1;
  if (length <= 0 || key->path[0] != '/') return 0;
  key->bits = length * 8;
  u32 *sets = bpf_map_lookup_elem(&prefixes, key);
  return !sets || !(*sets & call->sets);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(on_uring, struct io_kiocb *typed) {
  u32 operation = typed->opcode, pid = bpf_get_current_pid_tgid() >> 32;
  struct call *call = bpf_map_lookup_elem(&operations, &operation);
  if (!call || !call->event) return 0;
  struct task_struct *task = bpf_get_current_task_btf();
  struct scratch *s = scratch(IN_TASK);
  if (!s || bpf_map_lookup_elem(&own, &pid)) return 0;
  if (call->flags & CALL_MOVES) __sync_fetch_and_add(&epoch, 1);
  if (call->flags & CALL_SILENT) return 0;
  /* The operation's own arguments lie at the start of the request, in a form of their own. */
  struct io_kiocb *req = (struct io_kiocb *)number(s, typed);
  u64 how = FIRST(operation) ? BPF_CORE_READ((struct io_open *)req, how.flags) : 0;
  if (FIRST(operation) && unasked(call, req, how)) return 0;
  struct record *r = start_record(s, task, call->event);
  if ((call->flags & CALL_CONTAINERS) && !r->container[0]) return 0;
  r->flags |= FLAG_URING;
  int fd = BPF_CORE_READ(req, cqe.fd);
  switch (operation) {
    case 18: case 28: {
      struct io_open *open = (struct io_open *)req;
      r->arg0 = (s64)BPF_CORE_READ(open, dfd); r->arg2 = how;
      add_name(s, task, 1, BPF_CORE_READ(open, filename), BPF_CORE_READ(open, dfd));
      break;
    }
    case 35: {
      struct io_rename *rename = (struct io_rename *)req;
      r->arg0 = (s64)BPF_CORE_READ(rename, old_dfd); r->arg2 = (s64)BPF_CORE_READ(rename, new_dfd);
      add_name(s, task, 1, BPF_CORE_READ(rename, oldpath), BPF_CORE_READ(rename, old_dfd));
      add_name(s, task, 3, BPF_CORE_READ(rename, newpath), BPF_CORE_READ(rename, new_dfd));
      break;
    }
    case 36: {
      struct io_unlink *unlink = (struct io_unlink *)req;
      r->arg0 = (s64)BPF_CORE_READ(unlink, dfd); r->arg2 = BPF_CORE_READ(unlink, flags);
      add_name(s, task, 1, BPF_CORE_READ(unlink, filename), BPF_CORE_READ(unlink, dfd));
      break;
    }
    case 37: {
      struct io_mkdir *mkdir = (struct io_mkdir *)req;
      r->arg0 = (s64)BPF_CORE_READ(mkdir, dfd); r->arg2 = BPF_CORE_READ(mkdir, mode);
      add_name(s, task, 1, BPF_CORE_READ(mkdir, filename), BPF_CORE_READ(mkdir, dfd));
      break;
    }
    case 38: {
      struct io_link *link = (struct io_link *)req;
      r->arg1 = (s64)BPF_CORE_READ(link, new_dfd);
      add_kernel_string(IN_TASK, TAG_ARG, (u64)BPF_CORE_READ(link, oldpath, name));
      add_name(s, task, 2, BPF_CORE_READ(link, newpath), BPF_CORE_READ(link, new_dfd));
      break;
    }
    case 39: {
      struct io_link *link = (struct io_link *)req;
      r->arg0 = (s64)BPF_CORE_READ(link, old_dfd); r->arg2 = (s64)BPF_CORE_READ(link, new_dfd);
      add_name(s, task, 1, BPF_CORE_READ(link, oldpath), BPF_CORE_READ(link, old_dfd));
      add_name(s, task, 3, BPF_CORE_READ(link, newpath), BPF_CORE_READ(link, new_dfd));
      break;
    }
    case 45: {
      struct io_socket *socket = (struct io_socket *)req;
      r->arg0 = BPF_CORE_READ(socket, domain); r->arg1 = BPF_CORE_READ(socket, type); r->arg2 = BPF_CORE_READ(socket, protocol);
      break;
    }
    default: {
      r->arg0 = (s64)fd;
      add_file(IN_TASK, FILE_OR_SOCKET(TAG_FILE, TAG_SOCKET), number(s, task), (u64)file_of(task, fd));
      if (operation != 16 && operation != 56) break;
      /* The kernel's copy of the address: by itself, or in a message's header, which begins with an aligned pointer. */
      char *copy = BPF_CORE_READ(req, async_data);
      u16 family = 0;
      bpf_probe_read_kernel(&family, sizeof family, copy);
      if (family != 1 && family != 2 && family != 10 && bpf_core_type_exists(struct io_async_msghdr)) copy += bpf_core_field_offset(struct io_async_msghdr, addr);
      if (copy) add(s, TAG_ARG + 1, copy, 28);
    }
  }
  send_record(s);
  return 0;
}
