import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Node } from '@palisade/model/node';
import { hostRoot } from '../host-proc.ts';

/** This machine, in the words of the model, under the name it was given. */
export function describeNode(identity: { node: string; cluster: string }, name: string, engines: Node['engines'], sensor?: Node['sensor']): Node {
  return { id: identity.node, cluster: identity.cluster, name, kernel: os.release(), os: distribution(), arch: os.arch(), engines, ...(sensor === undefined ? {} : { sensor }) };
}

/** The machine's lasting id, where the system keeps one. */
export function machineId(): string | undefined {
  try {
    const id = readFileSync(path.join(hostRoot, 'etc/machine-id'), 'utf8').trim();
    return id === '' ? undefined : id;
  } catch {
    return undefined;
  }
}

function distribution(): string {
  for (const file of ['etc/os-release', 'usr/lib/os-release']) {
    try {
      const name = /^PRETTY_NAME=(?:"([^"]*)"|(.*))$/m.exec(readFileSync(path.join(hostRoot, file), 'utf8'));
      if (name !== null) return name[1] ?? name[2] ?? os.type();
    } catch {
      // Not every system has it there.
    }
  }
  return os.type();
}
