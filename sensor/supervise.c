/* `warden supervise PROGRAM [ARGUMENT]...`: the first process of the node container. It starts the agent, which keeps no
 * capability but those that looking at other processes takes, and starts it again when it dies. What needs more (`warden
 * run`, `warden front`, `warden probe`) the agent asks for by running this program: told by PALISADE_SUPERVISOR where we
 * listen, it hands us its three descriptors and its words, and ends as what we started in its place ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "warden.h"

#define JOBS 16
#define MOST_WORDS 4096
#define MESSAGE (256 * 1024)
#define BRIEF 5000000000ull        /* ns: an agent that ends so soon by itself has something that a restart won't mend */
#define AGENT_GRACE 15000000000ull /* ns to end in order */
#define JOBS_GRACE 13000000000ull  /* ns: requests in front of containers get 11 s */

struct job { pid_t pid; int connection; };

static struct job jobs[JOBS];
static char self[512], folder[64] = "/tmp/palisade-warden-XXXXXX", place[96], agent_seen[32];
static pid_t agent;
static u64 agent_started, agent_again;
static int agent_code = -1;
static volatile sig_atomic_t stopping;
static void on_stop(int number) { (void)number; stopping = 1; }

static bool allowed(const char *verb) { return strcmp(verb, "run") == 0 || strcmp(verb, "front") == 0 || strcmp(verb, "probe") == 0; }

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

static int listen_here(void) {
  if (!mkdtemp(folder)) return -errno;
  snprintf(place, sizeof place, "%s/warden.sock", folder);
  struct sockaddr_un address = address_of(place);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, JOBS) != 0) return -errno;
  return fd;
}

/* The agent as the kernel's records name it: in the host's pids where those can be seen. */
static void note_agent(int from) {
  ssize_t got = read(from, agent_seen, sizeof agent_seen - 1);
  agent_seen[got > 0 ? got : 0] = 0;
  close(from);
}

static void start_agent(char **program) {
  int seen[2];
  if (pipe2(seen, O_CLOEXEC) != 0) return;
  agent_started = boot_time();
  agent = fork();
  if (agent == 0) {
    char pid[32] = {0};
    if (readlink("/hostproc/self", pid, sizeof pid - 1) < 0) snprintf(pid, sizeof pid, "%d", getpid());
    if (write(seen[1], pid, strlen(pid)) < 0) _exit(126);
    setenv("PALISADE_SUPERVISOR", place, 1);
    signal(SIGPIPE, SIG_DFL);
    int error = keep_agent_privileges();
    if (error) {
      fprintf(stderr, "warden: the agent's privileges: %s\n", strerror(-error));
      _exit(126);
    }
    execvp(program[0], program);
    fprintf(stderr, "warden: %s: %s\n", program[0], strerror(errno));
    _exit(127);
  }
  close(seen[1]);
  note_agent(seen[0]);
}

static void become(char **words, const int *descriptors) {
  static char agent_name[64];
  char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", agent_name, NULL};
  snprintf(agent_name, sizeof agent_name, "WARDEN_AGENT=%s", agent_seen);
  for (int i = 0; i < 3; i++) if (dup2(descriptors[i], i) < 0) _exit(126);
  syscall(SYS_close_range, 3, ~0u, 0);
  signal(SIGPIPE, SIG_DFL);
  execve(self, words, environment);
  _exit(127);
}

static void refuse(int connection, const int *descriptors) {
  int status = 126;
  send(connection, &status, sizeof status, MSG_NOSIGNAL | MSG_DONTWAIT);
  for (int i = 0; i < 3; i++) if (descriptors[i] >= 0) close(descriptors[i]);
  close(connection);
}

/* Words with a NUL after each, and three descriptors. */
static void take_job(int listening) {
  static char text[MESSAGE];
  static char *words[MOST_WORDS + 2];
  union { struct cmsghdr header; char bytes[CMSG_SPACE(3 * sizeof(int))]; } control;
  struct iovec body = {.iov_base = text, .iov_len = sizeof text - 1};
  struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct ucred peer;
  socklen_t size = sizeof peer;
  int descriptors[3] = {-1, -1, -1}, connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  if (connection < 0) return;
  struct timeval patience = {.tv_sec = 1};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  struct cmsghdr *given = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (given && given->cmsg_level == SOL_SOCKET && given->cmsg_type == SCM_RIGHTS && given->cmsg_len <= CMSG_LEN(sizeof descriptors)) memcpy(descriptors, CMSG_DATA(given), given->cmsg_len - CMSG_LEN(0));
  struct job *job = NULL;
  for (size_t i = 0; i < JOBS && !job; i++) if (jobs[i].pid == 0) job = &jobs[i];
  bool own = getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == getuid();
  if (!job || !own || descriptors[2] < 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || text[got - 1] != 0) return refuse(connection, descriptors);
  size_t count = 1;
  words[0] = self;
  for (char *at = text; at < text + got && count <= MOST_WORDS; at += strlen(at) + 1) words[count++] = at;
  words[count] = NULL;
  if (count < 2 || count > MOST_WORDS || !allowed(words[1])) return refuse(connection, descriptors);
  pid_t pid = fork();
  if (pid == 0) become(words, descriptors);
  if (pid < 0) return refuse(connection, descriptors);
  for (int i = 0; i < 3; i++) close(descriptors[i]);
  *job = (struct job){.pid = pid, .connection = connection};
}

static void job_ended(struct job *job, int status) {
  int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  send(job->connection, &code, sizeof code, MSG_NOSIGNAL | MSG_DONTWAIT);
  close(job->connection);
  *job = (struct job){0};
}

/* As the first process we inherit what others leave behind, too. */
static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (size_t i = 0; i < JOBS; i++) if (jobs[i].pid == pid) job_ended(&jobs[i], status);
    if (pid != agent) continue;
    u64 lived = boot_time() - agent_started;
    agent = 0;
    agent_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    /* Wrong use, or all that was asked for is done: not for us to repeat. */
    if (!WIFSIGNALED(status) && lived < BRIEF && (agent_code == 0 || agent_code == 2)) stopping = 1;
    if (!stopping) fprintf(stderr, "warden: the agent ended (%d) and is started again\n", agent_code);
    agent_again = boot_time() + (lived < BRIEF ? 1000000000ull : 100000000ull);
  }
}

static size_t running(void) {
  size_t left = 0;
  for (size_t i = 0; i < JOBS; i++) if (jobs[i].pid > 0) left++;
  return left;
}

/* Whoever asked for a job is gone: the job is asked to end too. */
static void look_at_jobs(const struct pollfd *waits) {
  for (size_t i = 0; i < JOBS; i++) {
    if (jobs[i].pid <= 0 || !(waits[i].revents & (POLLHUP | POLLERR)) || waits[i].fd != jobs[i].connection) continue;
    kill(jobs[i].pid, SIGTERM);
    shutdown(jobs[i].connection, SHUT_RDWR);
  }
}

static void turn(int listening, int milliseconds) {
  struct pollfd waits[JOBS + 1];
  for (size_t i = 0; i < JOBS; i++) waits[i] = (struct pollfd){.fd = jobs[i].pid > 0 ? jobs[i].connection : -1};
  waits[JOBS] = (struct pollfd){.fd = listening, .events = POLLIN};
  poll(waits, JOBS + 1, milliseconds);
  if (waits[JOBS].revents & POLLIN) take_job(listening);
  look_at_jobs(waits);
  reap();
}

static void end_all(int listening) {
  u64 since = boot_time();
  if (agent > 0) kill(agent, SIGTERM);
  while (agent > 0 && boot_time() - since < AGENT_GRACE) turn(listening, 50);
  if (agent > 0) kill(agent, SIGKILL);
  since = boot_time();
  /* The agent's end has closed their input, which ends them in order. */
  while (running() > 0 && boot_time() - since < JOBS_GRACE) turn(listening, 50);
  for (size_t i = 0; i < JOBS; i++) if (jobs[i].pid > 0) kill(jobs[i].pid, SIGKILL);
  unlink(place);
  rmdir(folder);
}

int supervise(char **program) {
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
  int listening = listen_here();
  if (listening < 0) {
    fprintf(stderr, "warden: %s: %s\n", folder, strerror(-listening));
    return 1;
  }
  struct sigaction stop = {.sa_handler = on_stop};
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGINT, &stop, NULL);
  while (!stopping) {
    if (agent <= 0 && boot_time() >= agent_again) start_agent(program);
    turn(listening, 100);
  }
  bool by_itself = agent == 0;
  end_all(listening);
  return by_itself && agent_code > 0 ? agent_code : 0;
}

/* The other end, in the agent's child: -1 where there is no supervisor to ask, else the exit code. */
int ask_supervisor(int count, char **arguments) {
  const char *path = getenv("PALISADE_SUPERVISOR");
  if (!path || count < 2 || !allowed(arguments[1])) return -1;
  static char text[MESSAGE];
  size_t used = 0;
  for (int i = 1; i < count; i++) {
    size_t length = strlen(arguments[i]) + 1;
    if (used + length >= sizeof text || count > MOST_WORDS) { fprintf(stderr, "warden: too many words\n"); return 2; }
    memcpy(text + used, arguments[i], length);
    used += length;
  }
  struct sockaddr_un address = address_of(path);
  int descriptors[3] = {0, 1, 2}, code = 0, size = MESSAGE * 2, connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof descriptors)]; } control = {0};
  struct iovec body = {.iov_base = text, .iov_len = used};
  struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof descriptors), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.header), descriptors, sizeof descriptors);
  if (connection >= 0) setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) != 0 || sendmsg(connection, &message, MSG_NOSIGNAL) != (ssize_t)used) {
    fprintf(stderr, "warden: %s: %s\n", path, strerror(errno));
    return 1;
  }
  /* The descriptors are the job's now: were they open here, it would never see its input end. */
  for (int i = 0; i < 3; i++) close(i);
  return recv(connection, &code, sizeof code, 0) == sizeof code ? code : 1;
}
