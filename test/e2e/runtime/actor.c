/* Acts that no shell has a command for; harmless, each on itself or its own child. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int memory(char **arguments) {
  int from = open("/proc/self/exe", O_RDONLY), to = memfd_create("payload", MFD_CLOEXEC);
  char buffer[65536];
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) > 0;) if (write(to, buffer, (size_t)n) != n) return 1;
  char *next[] = {"in-memory", "nothing", NULL};
  (void)arguments;
  return fexecve(to, next, environ);
}

static int attach(void) {
  pid_t child = fork();
  if (child == 0) { pause(); _exit(0); }
  long failed = ptrace(PTRACE_ATTACH, child, 0, 0);
  waitpid(child, NULL, 0);
  ptrace(PTRACE_DETACH, child, 0, 0);
  kill(child, 9);
  waitpid(child, NULL, 0);
  return failed != 0;
}

static int talk(const char *address, int port) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  return connect(s, (struct sockaddr *)&to, sizeof to) != 0;
}

int main(int count, char **arguments) {
  const char *act = count > 1 ? arguments[1] : "nothing";
  if (strcmp(act, "memory") == 0) return memory(arguments);
  if (strcmp(act, "attach") == 0) return attach();
  if (strcmp(act, "traceme") == 0) return ptrace(PTRACE_TRACEME, 0, 0, 0) != 0;
  if (strcmp(act, "packet") == 0) return socket(AF_PACKET, SOCK_RAW, htons(3)) < 0;
  if (strcmp(act, "connect") == 0 && count > 3) return talk(arguments[2], atoi(arguments[3]));
  return strcmp(act, "nothing") != 0;
}
