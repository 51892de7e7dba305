/* uring DIRECTORY PORT: opens, renames and removes a file and connects, all through io_uring and not by one syscall each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct io_uring_params parameters;
static unsigned char *rings;
static struct io_uring_sqe *entries;
static int ring;

static int submit(struct io_uring_sqe entry) {
  unsigned *tail = (unsigned *)(rings + parameters.sq_off.tail), *array = (unsigned *)(rings + parameters.sq_off.array);
  unsigned index = *tail & *(unsigned *)(rings + parameters.sq_off.ring_mask);
  entries[index] = entry;
  array[index] = index;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) exit(3);
  unsigned *head = (unsigned *)(rings + parameters.cq_off.head);
  struct io_uring_cqe *done = (struct io_uring_cqe *)(rings + parameters.cq_off.cqes) + (*head & *(unsigned *)(rings + parameters.cq_off.ring_mask));
  int result = done->res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return result;
}

int main(int count, char **arguments) {
  char first[256], second[256];
  if (count < 3) return 2;
  snprintf(first, sizeof first, "%s/through-ring", arguments[1]);
  snprintf(second, sizeof second, "%s/renamed-by-ring", arguments[1]);
  ring = (int)syscall(SYS_io_uring_setup, 8, &parameters);
  if (ring < 0) return 4;
  rings = mmap(NULL, parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  entries = mmap(NULL, parameters.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
  int made = submit((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)first, .len = 0600, .open_flags = O_WRONLY | O_CREAT});
  int moved = submit((struct io_uring_sqe){.opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .addr = (unsigned long)first, .len = (unsigned)AT_FDCWD, .addr2 = (unsigned long)second});
  int removed = submit((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (unsigned long)second});
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int connected = submit((struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = socket(AF_INET, SOCK_STREAM, 0), .addr = (unsigned long)&to, .off = sizeof to});
  printf("%d %d %d %d\n", made, moved, removed, connected);
  return made < 0 || moved < 0 || removed < 0 || connected < 0;
}
