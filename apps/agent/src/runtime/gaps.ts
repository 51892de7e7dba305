import type { Needs } from '@palisade/behaviour/wanted/calls';
import type { Gap } from '@palisade/model/gap';
import type { Armed, Loss } from '../sensor/warden.ts';

/** What this kernel does not let the sensor see, and what the rules ask for that no sensor of ours records. */
export function armingGaps(armed: Armed, needs: Needs): Gap[] {
  const since = new Date().toISOString();
  const gaps: Gap[] = armed.missing.map((call) => ({ kind: 'sensor-call-missing', subject: call, since, reason: `this kernel has no tracepoint for ${call}, and refused the hook of all calls: it is not recorded`, count: 1 }));
  for (const { rule, types, wholly } of needs.silent) gaps.push({ kind: 'rule-silent', subject: rule, since, reason: `${types.join(', ')} ${types.length === 1 ? 'is' : 'are'} not recorded: ${wholly ? 'the rule can never fire' : 'that part of the rule can not fire'}`, count: 1 });
  for (const { name, family, state, use, reason, errno } of armed.programs) {
    if (state === 'refused') gaps.push({ kind: 'sensor-program-refused', subject: `${family}: ${use ?? name}`, since, reason: `the kernel refused ${name}: ${reason ?? ''} (errno ${errno ?? 0})`, count: 1 });
  }
  if (armed.gapMs > 0) gaps.push({ kind: 'sensor-down', subject: 'sensor', since: new Date(Date.now() - armed.gapMs).toISOString(), until: since, reason: `no sensor ran for ${(armed.gapMs / 1000).toFixed(1)} s`, count: 1 });
  if (armed.unpinned !== '') gaps.push({ kind: 'sensor-unpinned', subject: 'prevention', since, reason: `nothing can be pinned (${armed.unpinned}): denials, holds and isolation end when the sensor is killed; mount the host's /sys/fs/bpf`, count: 1 });
  if (!armed.isolation) gaps.push({ kind: 'sensor-isolation-missing', subject: 'isolation', since, reason: 'this kernel does not let the sensor cut a container off the network', count: 1 });
  if (!armed.dns) gaps.push({ kind: 'sensor-dns-missing', subject: 'DNS', since, reason: 'this kernel does not let the sensor read DNS messages', count: 1 });
  return gaps;
}

export function lossGap(loss: Loss): Gap[] {
  const since = new Date().toISOString();
  return [
    ...(loss.ring === 0 ? [] : [{ kind: 'sensor-loss-ring', subject: 'sensor', since, reason: 'records were lost: they came faster than they could be decided', count: loss.ring }]),
    ...(loss.skipped === 0 ? [] : [{ kind: 'sensor-loss-skipped', subject: 'sensor', since, reason: 'records were lost: the kernel skipped a hook that was already running on that CPU', count: loss.skipped }]),
  ];
}

export function unknownContainerGap(ids: readonly string[]): Gap {
  return { kind: 'container-unknown', subject: ids.slice(0, 20).join(', '), since: new Date().toISOString(), reason: 'containers no engine has told of: only their ids are known', count: ids.length };
}
