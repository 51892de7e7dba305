import { syscalls } from './decode.gen.ts';

/** Falco's names of the events the sensor can record: its syscalls, the scheduler's own, names asked, and containers started. */
export const recordedTypes: ReadonlySet<string> = new Set([...syscalls.map((syscall) => syscall.name), 'execve', 'execveat', 'clone', 'clone3', 'fork', 'vfork', 'procexit', 'umount2', 'dns', 'container']);
