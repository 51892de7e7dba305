/* What the warden sets in kernel maps, and the closed list of requests it takes on standard input. */
#ifndef PALISADE_REQUEST_H
#define PALISADE_REQUEST_H

#define ARG_INTEGER 1
#define ARG_STRING 2
#define ARG_PATH 3
#define ARG_FD 4
#define ARG_ADDRESS 5
#define ARG_MESSAGE 6 /* struct msghdr: the address it names */

#define CALL_FAILED 1     /* failed calls too */
#define CALL_OPEN 2       /* has open flags */
#define CALL_READS 4      /* opens for reading too */
#define CALL_CONTAINERS 8 /* only in containers */
#define CALL_RETURNS_FD 16
#define CALL_OPEN2 32
#define CALL_PREFIXES 64  /* opens for reading: only below the loaded prefixes */
#define CALL_WRITE_PREFIXES 128 /* opens for writing: only below the loaded prefixes */
#define CALL_MOVES 256    /* changes what paths mean: decisions per directory are forgotten */
#define CALL_REMOVES 512  /* does so only when told to remove a directory */
#define CALL_SILENT 1024  /* attached for that alone: never recorded */
#define CALL_ONCE 2048    /* the first on a descriptor to one peer says all */
#define PREFIX 128        /* longest prefix, in bytes */

struct call {
  u16 event;
  u16 flags;
  u32 sets; /* of prefixes, a bit each */
  u8 flags_at;
  u8 kind[8];
  u8 extra[8];
};

/* What an opened path means to the loaded prefixes: a directory's, or with `name` (hash and length) one file's in it. A
 * hard link has its own. Holds for one mount seen from one root, until something moves. */
struct path_key {
  u64 mount;
  u64 root_mount;
  u64 root;
  u64 ino;
  u64 name;
  u32 generation;
  u32 epoch;
};

/* Sets that ask for all of it, and for some names in it. */
struct decision {
  u32 all;
  u32 some;
};

/* Denials, by what the kernel side alone decides. */
#define DENY_UPPER 1
#define DENY_MEMFD 2
#define DENY_ALL 4
#define DENY_CONTAINERS 8 /* a path or name: only inside containers */
#define DENY_PATH 256     /* longest path on the deny list, with its end */

#define REQUEST_DENY_PATH 1
#define REQUEST_DENY_NAME 2
#define REQUEST_DENY_CONTAINER 3
#define REQUEST_ALLOW_PATH 4
#define REQUEST_ALLOW_NAME 5
#define REQUEST_ALLOW_CONTAINER 6
#define REQUEST_SIGNAL 7
#define REQUEST_ISOLATE 8
#define REQUEST_RECONNECT 9
#define REQUEST_SKIP 10   /* a container whose syscalls no rule asks for; its processes are still told of */
#define REQUEST_UNSKIP 11

#define REQUEST_HOLD 12     /* the first exec of a container (empty: of every new one): flags = HOLD_*, pid = its deadline in ms */
#define REQUEST_UNHOLD 13   /* forgets that policy; what is held stays so until its deadline */
#define REQUEST_RELEASE 14  /* a held container */
#define HOLD_RELEASE 0      /* at the deadline it goes on */
#define HOLD_KILL 1         /* at the deadline it is killed */
#define HOLD_LONGEST 60000  /* ms */

/* Denial of execs by EPERM, where the warden was started with "exec-deny". */
#define REQUEST_EXEC_MARK 15   /* the root file system of a process: text = container, pid and start */
#define REQUEST_EXEC_UNMARK 16
#define REQUEST_EXEC_DENY 17   /* text = "CONTAINER:PATH", ":NAME", or "CONTAINER:" with flags DENY_UPPER or DENY_ALL */
#define REQUEST_EXEC_ALLOW 18
/* The name a new program goes by (comm: of the file as it was called, so a link counts), not its file's own. */
#define REQUEST_UNPIN 24      /* what is pinned ends with this warden, when its input closes */
#define REQUEST_DENY_COMM 22
#define REQUEST_ALLOW_COMM 23

/* Of `warden front`, which stands in front of containers' ports. */
#define REQUEST_PROTECT 19   /* text = the site's name, pid and start = a process of its network namespace, signal = port, flags = PROTECT_* */
#define REQUEST_UNPROTECT 20 /* as above; requests under way end first. A site that is not known: what an earlier warden left in the namespace of pid */
#define REQUEST_RELOAD 21    /* new workers, with new settings, take the place of the present ones */
#define PROTECT_CLOSED 1     /* without a healthy worker nothing passes; else the kernel opens the port within FAIL_OPEN ms */
#define PROTECT_HIDDEN 2     /* the application sees the worker's address, not the client's */
#define PROTECT_HOST 4       /* allowed although the namespace is the host's */
#define FAIL_OPEN 2000
#define SITE 64              /* longest name of a site, with its end */

/* What a worker says to its warden, on descriptor 4. */
#define NOTE_ALIVE 1         /* every 500 ms; with a site: its connections are being taken; with a count: nothing for so many seconds now */
#define NOTE_NEED 2          /* `count` sockets to the application of a site, of `family` 4 or 6 */
#define NOTE_GONE 3          /* the last connection of a site that was closed has ended */
struct worker_note {
  u32 op;
  u32 family;
  u32 count;
  u32 unused;
  char site[64];
};

struct hold_policy {
  u32 milliseconds;
  u32 outcome;
};

/* Fixed size, so that a request is either whole or refused. */
struct request {
  u32 op;
  u32 flags;
  u32 pid;
  u32 signal;
  u64 start; /* of the process to signal, ns since boot: a reused pid is not hit */
  u64 id;    /* echoed in the answer: KIND_STATUS, arg0 = id, result = 0 or -errno */
  char text[256]; /* path, name or container id */
};
#endif
