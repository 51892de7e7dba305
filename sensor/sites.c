/* What is done inside a container's network namespace: the sockets that workers serve and ask with, and the rules. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "front.h"

#define TRIES 8 /* for a port that is free in both families */

static int home = -1;

static int enter(int network) {
  if (home < 0) home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0) return -errno;
  return setns(network, CLONE_NEWNET) == 0 ? 0 : -errno;
}

/* To stay in a stranger's namespace would be worse than to end. */
static void leave(void) {
  if (setns(home, CLONE_NEWNET) != 0) _exit(70);
}

static int open_network(u32 pid, u64 start) {
  char path[64];
  if (!started_then(pid, start)) return -ESRCH;
  snprintf(path, sizeof path, "%s/%u/ns/net", access("/hostproc/self", F_OK) == 0 ? "/hostproc" : "/proc", pid);
  int network = open(path, O_RDONLY | O_CLOEXEC);
  if (network < 0) return -errno;
  if (started_then(pid, start)) return network;
  close(network);
  return -ESRCH;
}

static u64 inode_of(int network) {
  struct stat about;
  return fstat(network, &about) == 0 ? about.st_ino : 0;
}

static bool is_host(int network) {
  struct stat about;
  const char *first = access("/hostproc/self", F_OK) == 0 ? "/hostproc/1/ns/net" : "/proc/1/ns/net";
  return stat(first, &about) == 0 && about.st_ino == inode_of(network);
}

static int listening(sa_family_t family, u16 port) {
  int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  struct sockaddr_in6 address = {.sin6_family = family, .sin6_port = htons(port)}; /* the port lies at the same place in both */
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof address) == 0 && listen(fd, 1024) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

/* One port for both families; a namespace without IPv6 has no second listener. */
static int open_listeners(struct site *site) {
  for (int tries = 0; tries < TRIES; tries++) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    site->listeners[0] = listening(AF_INET, 0);
    if (site->listeners[0] < 0) return site->listeners[0];
    if (getsockname(site->listeners[0], (struct sockaddr *)&address, &size) != 0) return -errno;
    site->worker_port = ntohs(address.sin_port);
    site->listeners[1] = listening(AF_INET6, site->worker_port);
    if (site->listeners[1] != -EADDRINUSE) {
      if (site->listeners[1] < 0) site->listeners[1] = -1;
      return 0;
    }
    close(site->listeners[0]);
  }
  return -EADDRINUSE;
}

/* An unconnected socket to the application; with the client's address the worker may bind it to any. Called inside. */
static int upstream_socket(u32 flags, u32 family) {
  int one = 1, mark = MARK, fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (flags & PROTECT_HIDDEN) return fd;
  /* The port is chosen at connect, where the same one may serve towards two addresses. */
  bool done = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) == 0;
  if (done && family == 6) done = setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &one, sizeof one) == 0;
  else if (done) done = setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one) == 0;
  if (done) return fd;
  int error = -errno;
  close(fd);
  return error;
}

int open_upstream(const struct site *site, u32 family) {
  int error = enter(site->network);
  if (error) return error;
  int fd = upstream_socket(site->flags, family);
  leave();
  return fd;
}

/* nft reads finished text on its standard input, in the namespace. Its words about a mistake go where ours go. */
static int apply(int network, const char *text) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  pid_t child = fork();
  if (child == 0) {
    static char *const words[] = {"nft", "-f", "-", NULL};
    static char *const environment[] = {NULL};
    signal(SIGPIPE, SIG_DFL);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (dup2(ends[0], STDIN_FILENO) < 0 || setns(network, CLONE_NEWNET) != 0) _exit(126);
    execve("/usr/sbin/nft", words, environment);
    execve("/sbin/nft", words, environment);
    execve("/usr/bin/nft", words, environment);
    _exit(127);
  }
  close(ends[0]);
  int status = 0, error = child < 0 ? -errno : 0;
  size_t size = strlen(text); /* less than a pipe holds */
  if (!error && write(ends[1], text, size) != (ssize_t)size) error = -EIO;
  close(ends[1]);
  if (child < 0) return error;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return error;
  return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOPKG : -EPROTO;
}

/* Connections through the worker are told apart by their mark: packets to the application carry it, conntrack keeps it
 * (in a zone of its own, since client's and worker's connection may look the same), and answers get it back, which the
 * routing rule brings here instead of to the client. */
static const char *const address_rules =
  " chain apart { type filter hook output priority raw; policy accept; meta mark %u ct original zone set %u; }\n"
  " chain home { type route hook output priority mangle; policy accept; meta mark %u ct mark set %u; ct mark %u ct direction reply meta mark set %u; }\n";

/* Over the pod's own loopback nothing is redirected. */
static int apply_rules(const struct site *site, bool addresses) {
  char text[2048], more[1024] = "";
  if (addresses) snprintf(more, sizeof more, address_rules, MARK, ROUTES, MARK, MARK, MARK, MARK);
  int length = snprintf(text, sizeof text,
    "add table inet palisade_waf_%u\ndelete table inet palisade_waf_%u\ntable inet palisade_waf_%u {\n"
    " set taken { type inet_service; flags timeout; }\n"
    " chain redirected { type nat hook prerouting priority dstnat; policy accept; iifname != \"lo\" %stcp dport @taken redirect to :%u; }\n"
    " chain guard { type filter hook input priority filter; policy accept; tcp dport %u ct status ! dnat reject with tcp reset; }\n%s}\n",
    site->port, site->port, site->port, site->listeners[1] >= 0 ? "" : "meta nfproto ipv4 ", site->worker_port, site->worker_port, more);
  return length < (int)sizeof text ? apply(site->network, text) : -E2BIG;
}

static int say(const struct site *site, const char *what, int error) {
  fprintf(stderr, "warden: %s: %s: %s\n", site->name, what, strerror(-error));
  return error;
}

/* Whether the client's address can be kept here: the one failure that has a way round (PROTECT_HIDDEN), -ENOTSUP. */
static int keep_addresses(struct site *site) {
  if (site->flags & PROTECT_HIDDEN) return 0;
  bool six = site->listeners[1] >= 0;
  int error = route_answers_home(true, &six), fd = upstream_socket(site->flags, 4);
  if (!six && site->listeners[1] >= 0) {
    close(site->listeners[1]);
    site->listeners[1] = -1;
  }
  if (fd >= 0) close(fd);
  if (!error && fd < 0) error = fd;
  if (!error) return 0;
  say(site, "keeping the client's address", error);
  return -ENOTSUP;
}

static int remove_table(int network, u16 port) {
  char text[128];
  snprintf(text, sizeof text, "add table inet palisade_waf_%u\ndelete table inet palisade_waf_%u\n", port, port);
  return apply(network, text);
}

/* Everything but the redirect itself, which begins with the first worker's word (or at once where closed). */
int open_site(struct site *site, u32 pid, u64 start) {
  site->listeners[0] = site->listeners[1] = site->rules = -1;
  site->network = open_network(pid, start);
  if (site->network < 0) return say(site, "its network namespace", site->network);
  site->inode = inode_of(site->network);
  if (is_host(site->network) && !(site->flags & PROTECT_HOST)) return -EXDEV;
  int error = enter(site->network);
  if (error) return say(site, "entering its network namespace", error);
  error = open_listeners(site);
  if (error) say(site, "a listening socket", error);
  if (!error) error = keep_addresses(site);
  if (!error && (site->rules = open_rules()) < 0) error = say(site, "netlink", site->rules);
  leave();
  bool addresses = !(site->flags & PROTECT_HIDDEN);
  if (!error && (error = apply_rules(site, addresses)) != 0) {
    say(site, "nft rules", error);
    /* A kernel that knows the redirect but not the way back. */
    if (addresses && error == -EPROTO && apply_rules(site, false) == 0) {
      remove_table(site->network, site->port);
      error = -ENOTSUP;
    }
  }
  if (!error && (site->flags & PROTECT_CLOSED)) error = open_set(site->rules, site->port, 0);
  return error;
}

int refresh_site(struct site *site) { return open_set(site->rules, site->port, site->flags & PROTECT_CLOSED ? 0 : FAIL_OPEN); }

int stop_redirecting(const struct site *site) {
  char text[64];
  snprintf(text, sizeof text, "flush set inet palisade_waf_%u taken\n", site->port);
  return apply(site->network, text);
}

/* `last`: no other site in this namespace needs its answers brought home. */
int clear_site(const struct site *site, bool last) {
  if (last && !(site->flags & PROTECT_HIDDEN) && enter(site->network) == 0) {
    bool six = site->listeners[1] >= 0;
    route_answers_home(false, &six);
    leave();
  }
  return remove_table(site->network, site->port);
}

int clear_left_over(u32 pid, u64 start, u16 port) {
  int network = open_network(pid, start);
  if (network < 0) return network;
  int error = remove_table(network, port);
  close(network);
  return error;
}

void forget_site(struct site *site) {
  int descriptors[] = {site->network, site->rules, site->listeners[0], site->listeners[1]};
  for (size_t i = 0; i < 4; i++) if (descriptors[i] >= 0) close(descriptors[i]);
  memset(site, 0, sizeof *site);
}
