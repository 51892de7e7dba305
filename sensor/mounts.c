/* tracefs is mounted in a mount namespace of our own, so that the host sees no new mount; bpffs on the host, because
 * pins must outlive this process and its namespace. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "warden.h"

#define BPF_FS 0xcafe4a11
#define TRACE_FS 0x74726163

static bool is(const char *path, u32 magic) {
  struct statfs about;
  return statfs(path, &about) == 0 && (u32)about.f_type == magic;
}

/* Pins in a mount of a container's own would end with the container: there bpffs must be the host's. */
int prepare_pins(const char *pins, bool try) {
  if (!is("/sys/fs/bpf", BPF_FS)) {
    if (try && access("/hostproc/self", F_OK) == 0) return -ENODEV;
    if (mount("bpf", "/sys/fs/bpf", "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0) return -errno;
  }
  return mkdir(pins, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

int prepare_mounts(void) {
  if (is("/sys/kernel/tracing", TRACE_FS)) return 0;
  if (unshare(CLONE_NEWNS) != 0) return -errno;
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -errno;
  if (mount("tracefs", "/sys/kernel/tracing", "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) return -errno;
  return 0;
}

/* Removes every pin of a directory: what was pinned ends unless a running warden still holds it. Unmounts bpffs only when
 * told to, since others may use it. */
int unpin(const char *pins) {
  DIR *directory = opendir(pins);
  if (!directory) return errno == ENOENT ? 0 : -errno;
  int error = 0;
  if (!is(pins, BPF_FS)) error = -EINVAL; /* a typing error must not empty another directory */
  for (struct dirent *entry; !error && (entry = readdir(directory));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (unlinkat(dirfd(directory), entry->d_name, 0) != 0) error = -errno;
  }
  closedir(directory);
  if (!error && rmdir(pins) != 0) error = -errno;
  return error;
}
