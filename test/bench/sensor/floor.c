/* floor OBJECT empty CALL... | floor OBJECT pair: attaches, says "armed", detaches when its input closes. */
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int silent(enum libbpf_print_level level, const char *format, va_list list) { (void)level; (void)format; (void)list; return 0; }

int main(int count, char **arguments) {
  if (count < 3) return 2;
  libbpf_set_print(silent);
  struct bpf_object *object = bpf_object__open(arguments[1]);
  struct bpf_program *program;
  const char *mode = arguments[2];
  if (!object || bpf_object__load(object) != 0) return 1;
  bpf_object__for_each_program(program, object) {
    const char *name = bpf_program__name(program);
    if (strncmp(name, mode, strlen(mode)) != 0 || strcmp(name, "empty_call") == 0 || strcmp(name, "empty_any") == 0) continue;
    if (!bpf_program__attach(program)) return 1;
  }
  program = bpf_object__find_program_by_name(object, "empty_call");
  bool without = false;
  for (int i = 3; i < count; i++) {
    char name[64];
    snprintf(name, sizeof name, "sys_exit_%s", arguments[i]);
    if (!bpf_program__attach_tracepoint(program, "syscalls", name)) without = true;
  }
  if (without && !bpf_program__attach(bpf_object__find_program_by_name(object, "empty_any"))) return 1;
  puts("armed");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  return 0;
}
