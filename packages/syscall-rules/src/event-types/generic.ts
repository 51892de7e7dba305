/** Further syscalls, by name only: Falco reports them as generic events whose only argument is the result. */
export const genericSyscalls: readonly string[] =
  `_sysctl accept acct adjtimex afs_syscall alarm arch_prctl arm_fadvise64_64 arm_sync_file_range bdflush breakpoint cacheflush
  cachestat capget clock_adjtime clock_getres clock_gettime clock_nanosleep clock_settime close_range create_module epoll_ctl
  epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait_old exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
  fanotify_init fanotify_mark fdatasync fgetxattr flistxattr fremovexattr fsconfig fsetxattr fspick fstatfs fstatfs64 fsync ftime
  futex_requeue futex_wait futex_waitv futex_wake futimesat get_kernel_syms get_mempolicy get_robust_list get_thread_area getcpu
  getgroups getitimer getpgid getpgrp getpid getpmsg getppid getpriority getrandom getrusage getsid gettid gettimeofday getxattr
  gtty idle inotify_add_watch inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit ioprio_get
  ioprio_set ipc kcmp kexec_file_load landlock_add_rule landlock_create_ruleset landlock_restrict_self lgetxattr listmount
  listxattr llistxattr llseek lock lookup_dcookie lremovexattr lsetxattr lsm_get_self_attr lsm_list_modules lsm_set_self_attr
  madvise map_shadow_stack mbind membarrier memfd_secret migrate_pages mincore modify_ldt mount_setattr move_pages mpx mq_getsetattr
  mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync multiplexer nfsservctl
  nice oldfstat oldlstat oldolduname oldstat olduname pause pkey_alloc pkey_free pkey_mprotect preadv2 process_madvise
  process_mrelease prof profil pselect6 putpmsg pwritev2 query_module quotactl_fd readahead readdir readlink readlinkat
  remap_file_pages removexattr request_key restart_syscall riscv_flush_icache riscv_hwprobe rseq rt_sigaction rt_sigpending
  rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo s390_guarded_storage
  s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi sched_get_priority_max sched_get_priority_min
  sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setattr sched_setparam
  sched_setscheduler sched_yield security semtimedop set_mempolicy set_mempolicy_home_node set_robust_list set_thread_area
  set_tid_address setdomainname setitimer setpriority settimeofday setuid32 sgetmask shmat shmctl shmdt shmget sigaction sigaltstack
  signal sigpending sigprocmask sigreturn sigsuspend socketcall spu_create spu_run ssetmask statfs statfs64 statmount statx stime
  stty subpage_prot swapoff swapcontext switch_endian sync sync_file_range sync_file_range2 syncfs sys_debug_setcontext sysfs sysinfo
  syslog tee time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd timerfd_gettime timerfd_settime
  times truncate64 ftruncate64 tuxcall ulimit umask uname uretprobe uselib ustat utime utimensat utimes vhangup vm86 vm86old vmsplice
  vserver wait4 waitid waitpid stat64 lstat64 fstat64 fcntl64 sendfile64 getdents32 chown32 lchown32 fchown32 setgid32 setresuid32
  setresgid32 setreuid32 setregid32 getuid32 getgid32 geteuid32 getegid32 getresuid32 getresgid32 setgroups32 getgroups32 setfsuid32
  setfsgid32 pread64 pwrite64`.split(/\s+/);
