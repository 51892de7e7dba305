import { syscalls } from './decode.gen.ts';

/** Falco's names of the events the sensor can record: its syscalls, and the scheduler's own. */
export const recordedTypes: ReadonlySet<string> = new Set([...syscalls.map((syscall) => syscall.name), 'execve', 'execveat', 'clone', 'clone3', 'fork', 'vfork', 'procexit', 'umount2']);
