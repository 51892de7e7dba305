/* `warden front [--user UID] [--workers N] PROGRAM [ARGUMENT]...`: starts firewall workers and puts them in front of
 * containers' ports. Requests come on standard input as in `warden run` (request.h), answers and what becomes of a site
 * go to standard output as records. Whether a port may open when workers are gone is left to the kernel: the redirect
 * holds for two seconds after the last word of a healthy worker. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "front.h"

#define BEAT 400000000ull      /* ns between two refreshments of one site */
#define UNHEARD 1500000000ull  /* ns without a healthy worker until a site is told as not served */
#define DRAIN 11000000000ull   /* ns that requests under way get: a worker's own grace and one more second */

static volatile sig_atomic_t stopping;
static void on_stop(int number) { (void)number; stopping = 1; }

static struct site sites[SITES];

struct site *site_at(size_t index) { return &sites[index]; }

struct site *site_named(const char *name) {
  for (size_t i = 0; i < SITES; i++) if (sites[i].used && strcmp(sites[i].name, name) == 0) return &sites[i];
  return NULL;
}

/* The name goes into messages and rules as it is. */
static bool plain(const char *name) {
  size_t length = strnlen(name, SITE);
  if (length == 0 || length >= SITE) return false;
  for (size_t i = 0; i < length; i++) if (!isalnum((unsigned char)name[i]) && !strchr("-_.:", name[i])) return false;
  return true;
}

static void tell(const struct site *site, const char *state) {
  char text[256];
  snprintf(text, sizeof text, "{\"site\":\"%s\",\"state\":\"%s\",\"v6\":%s}", site->name, state, site->listeners[1] >= 0 ? "true" : "false");
  out_status(0, 0, text);
}

void heard_of_site(struct site *site) {
  u64 now = boot_time();
  site->heard = now;
  if (site->served && now - site->refreshed < BEAT) return;
  int error = refresh_site(site);
  if (error) {
    if (site->served) fprintf(stderr, "warden: %s: the redirect could not be kept up: %s\n", site->name, strerror(-error));
    return;
  }
  site->refreshed = now;
  if (!site->served) tell(site, "served");
  site->served = true;
}

static int protect(const struct request *request) {
  if (!plain(request->text) || request->signal == 0 || request->signal > 65535) return -EINVAL;
  if (site_named(request->text)) return -EEXIST;
  struct site *site = NULL;
  for (size_t i = 0; i < SITES && !site; i++) if (!sites[i].used) site = &sites[i];
  if (!site) return -ENOSPC;
  memset(site, 0, sizeof *site);
  memcpy(site->name, request->text, strlen(request->text) + 1);
  site->port = (u16)request->signal;
  site->flags = request->flags & (PROTECT_CLOSED | PROTECT_HIDDEN | PROTECT_HOST);
  int error = open_site(site, request->pid, request->start);
  if (error) {
    forget_site(site);
    return error;
  }
  site->used = true;
  tell_workers("listen", site);
  return 0;
}

static int unprotect(const struct request *request) {
  struct site *site = site_named(request->text);
  if (!site) return request->pid ? clear_left_over(request->pid, request->start, (u16)request->signal) : -ENOENT;
  if (site->closing) return 0;
  int error = stop_redirecting(site);
  site->closing = boot_time();
  tell_workers("close", site);
  return error;
}

static int carry_out(const struct request *request) {
  switch (request->op) {
    case REQUEST_PROTECT: return protect(request);
    case REQUEST_UNPROTECT: return unprotect(request);
    case REQUEST_RELOAD: reload_workers(); return 0;
    default: return -EINVAL;
  }
}

/* 1: go on; 0: whoever asked is gone. */
static int take(void) {
  static u8 pending[sizeof(struct request) * 16];
  static size_t filled;
  ssize_t got = read(STDIN_FILENO, pending + filled, sizeof pending - filled);
  if (got == 0) return 0;
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  filled += (size_t)got;
  size_t from = 0;
  for (; filled - from >= sizeof(struct request); from += sizeof(struct request)) {
    struct request request;
    memcpy(&request, pending + from, sizeof request);
    request.text[sizeof request.text - 1] = 0;
    out_status(request.id, carry_out(&request), "{\"answer\":true}");
  }
  memmove(pending, pending + from, filled - from);
  filled -= from;
  return 1;
}

static void drop(struct site *site) {
  bool last = true;
  for (size_t i = 0; i < SITES; i++) if (&sites[i] != site && sites[i].used && sites[i].inode == site->inode) last = false;
  int error = clear_site(site, last);
  if (error) fprintf(stderr, "warden: %s: its rules could not be taken away: %s\n", site->name, strerror(-error));
  tell(site, "ended");
  forget_site(site);
}

static size_t watch_sites(void) {
  u64 now = boot_time();
  size_t left = 0;
  for (size_t i = 0; i < SITES; i++) {
    struct site *site = &sites[i];
    if (!site->used) continue;
    if (site->closing) {
      if (site->gone < running_workers() && now - site->closing < DRAIN) left++;
      else drop(site);
    } else if (site->served && now > site->heard && now - site->heard > UNHEARD) {
      site->served = false;
      tell(site, site->flags & PROTECT_CLOSED ? "closed" : "open");
    }
  }
  return left;
}

/* A site that must not stay open without us keeps its redirect; the others end in order. */
static void end_sites(void) {
  for (size_t i = 0; i < SITES; i++) {
    if (!sites[i].used || sites[i].closing || (sites[i].flags & PROTECT_CLOSED)) continue;
    stop_redirecting(&sites[i]);
    sites[i].closing = boot_time();
    tell_workers("close", &sites[i]);
  }
  while (watch_sites() > 0) {
    struct pollfd waits[4 * WORKERS];
    if (poll(waits, worker_waits(waits), 50) < 0 && errno != EINTR) break;
    watch_workers();
  }
}

static int stand(void) {
  struct pollfd waits[1 + 4 * WORKERS] = {{.fd = STDIN_FILENO, .events = POLLIN}};
  while (!stopping) {
    if (poll(waits, 1 + worker_waits(waits + 1), 100) < 0 && errno != EINTR) break;
    if ((waits[0].revents & (POLLIN | POLLHUP)) && !take()) break;
    watch_workers();
    watch_sites();
    if (out_flush() < 0) break;
  }
  end_sites();
  end_workers();
  out_flush();
  return 0;
}

static bool number(const char *text, unsigned long most, u32 *value) {
  char *end;
  errno = 0;
  unsigned long got = strtoul(text, &end, 10);
  if (errno || *end || end == text || got > most) return false;
  *value = (u32)got;
  return true;
}

int front(int count, char **arguments) {
  u32 user = 65532, workers = 1;
  int at = 0;
  for (; at + 1 < count && strncmp(arguments[at], "--", 2) == 0; at += 2) {
    bool known = strcmp(arguments[at], "--user") == 0 ? number(arguments[at + 1], 0xfffffffe, &user) : strcmp(arguments[at], "--workers") == 0 && number(arguments[at + 1], WORKERS, &workers);
    if (!known) { fprintf(stderr, "warden: %s %s\n", arguments[at], arguments[at + 1]); return 2; }
  }
  if (workers > 0 && at >= count) { fprintf(stderr, "warden: front needs a program to start\n"); return 2; }
  struct sigaction stop = {.sa_handler = on_stop};
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGINT, &stop, NULL);
  int error = keep_front_privileges();
  if (!error) error = start_workers(workers, user, arguments + at);
  if (error) {
    fprintf(stderr, "warden: front: %s\n", strerror(-error));
    return 1;
  }
  out_status(0, 0, "{\"front\":true}");
  out_flush();
  return stand();
}
