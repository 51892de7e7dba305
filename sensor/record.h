/* The one schema of what crosses from the warden to TypeScript: scripts/generate-decoder.ts reads this file and
 * syscalls.h and writes packages/behaviour/src/decode.gen.ts. A record is this header followed by fields of
 * {u16 tag, u16 length, bytes}; `size` covers all of it and is the stream's length prefix. Little endian. */
#ifndef PALISADE_RECORD_H
#define PALISADE_RECORD_H

#define MAX_RECORD 16384 /* largest record in bytes; what does not fit is cut and flagged, never dropped silently */
#define MAX_FIELD 4096   /* longest single field: PATH_MAX, and the part of argv that rules see */
#define FIRST_SYSCALL 100

/* Kinds below FIRST_SYSCALL; a syscall's kind is FIRST_SYSCALL + its line in syscalls.h. */
#define KIND_EXEC 1
#define KIND_FORK 2
#define KIND_EXIT 3
#define KIND_TASK 4  /* a process that was there before the sensor */
#define KIND_STATUS 5 /* from the warden: JSON in TAG_TEXT */
#define KIND_LOSS 6  /* from the warden: args = {ring full, hook skipped by the kernel because it was already running on that CPU}, since the last one */
#define KIND_DNS 8    /* a DNS message that left a socket: arg0 = 0 question, 1 answer; the message is TAG_DNS */
#define KIND_DENIED 7 /* an exec that the kernel side killed before its first instruction */

/* A container's first exec under a hold policy: arg0 = HELD_*, arg1 = deadline, ns since boot; pid, start and container are its. */
#define KIND_HELD 9

#define HELD_STOPPED 1
#define HELD_RELEASED 2  /* by request */
#define HELD_EXPIRED 3   /* released at its deadline */
#define HELD_KILLED 4    /* killed at its deadline */
#define HELD_GONE 5      /* ended by itself while it was held */

/* From the warden: a part of it stopped working; TAG_TEXT says which. */
#define KIND_FAULT 10

/* arg0 of KIND_DENIED: killed for its container, its name, its path; or refused by EPERM. */
#define DENIED_BY_EPERM 4

#define FLAG_UPPER 1      /* executed file was written after the image: overlay upper layer */
#define FLAG_MEMFD 2      /* executed file lives in memory only */
#define FLAG_CUT 4        /* a field was cut or left out for size */
#define FLAG_UNREADABLE 8 /* a string could not be read: unknown, not empty */
#define FLAG_NO_LOWER 16  /* upper layer without a lower one: made in the container */
#define FLAG_DELETED 32   /* executed file has no link left */
#define FLAG_STOPPED 64   /* held at its first exec until released */
#define FLAG_KILLED 128   /* SIGKILL was sent by the kernel side */

#define FLAG_UNDECIDED 256 /* asked for or not: between kernel and warden only, never sent on */

#define FLAG_ENTERED 1024  /* the executing process sees other mounts than its parent: a container's program, not its runtime's helper */

#define FLAG_URING 512     /* submitted through io_uring: its result is not known yet */

#define TAG_ARG 0       /* + argument number: its string or socket address */
#define TAG_BASE 8      /* + argument number: the directory a relative path starts from */
#define TAG_FILE 16     /* + argument number: what the descriptor points at, as a path */
#define TAG_SOCKET 24   /* + argument number: what the descriptor points at, as struct socket_info */
#define TAG_RETURN_FILE 32
#define TAG_RETURN_SOCKET 33
#define TAG_EXE 34      /* path of the executed binary */
#define TAG_SCRIPT 35   /* file name given to exec, where it differs from the binary: a script */
#define TAG_ARGV 36     /* NUL-separated */
#define TAG_ENV 37      /* NUL-separated; the decoder keeps names only */
#define TAG_CWD 38
#define TAG_STDIO 40    /* + 0, 1, 2: struct socket_info of a standard stream that is a socket */
#define TAG_STDIO_FILE 44 /* + 0, 1, 2: its path otherwise */
#define TAG_CONTAINER 48 /* full container id */
#define TAG_TEXT 49
#define TAG_INODE 50    /* struct inode_info of the executed file */
#define TAG_DNS 52      /* a DNS message, from its header on */
#define TAG_KEY 53      /* struct path_key, with FLAG_UNDECIDED */
#define TAG_CAPS 51     /* u64 effective, permitted, inheritable, bounding, ambient */

struct record {
  u32 size;
  u16 kind;
  u16 flags;
  u64 time; /* ns since boot */
  u64 start; /* of the process, ns since boot: with pid an identity that survives pid reuse */
  u64 cgroup; /* kernfs id of the deepest cgroup */
  s64 result;
  u64 caps; /* effective */
  u32 pid;
  u32 tid;
  u32 ppid;
  u32 vpid;
  u32 vtid;
  u32 sid;
  u32 pgid;
  u32 uid;
  u32 euid;
  u32 gid;
  u32 egid;
  u32 loginuid;
  u32 tty;
  u32 cpu;
  u64 arg0;
  u64 arg1;
  u64 arg2;
  u64 arg3;
  u64 arg4;
  u64 arg5;
  char container[16]; /* first 12 characters of the id; empty on the host */
  char comm[16];
};

struct socket_info {
  u16 family;
  u16 type;
  u16 protocol;
  u16 state;
  u16 local_port;
  u16 remote_port;
  u32 pad;
  u8 local[16];
  u8 remote[16];
  u64 ino;
};

struct inode_info {
  u64 ino;
  u64 dev;
  u64 ctime; /* ns since 1970 */
  u64 mtime;
  u64 size;
  u32 mode;
  u32 uid;
};
#endif
