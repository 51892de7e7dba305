import { z } from 'zod';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Detection } from '@palisade/model/detection';
import { messageOf } from '@palisade/model/error';
import type { Gap } from '@palisade/model/gap';
import type { DesiredPolicy, Response } from '@palisade/model/response';
import { ResponsePolicy } from '@palisade/model/response-policy';
import type { Asked, Preventable, Responses } from '@palisade/verdict/response/compile';
import { compileResponses, denials, refusals } from '@palisade/verdict/response/compile';
import type { EventPlace } from '@palisade/verdict/response/place';
import type { RuntimeWaiver } from '@palisade/verdict/waiver/runtime';
import { compileRuntimeWaivers, waiverOf } from '@palisade/verdict/waiver/runtime';
import type { Request } from '../sensor/warden.ts';
import type { Match } from '../runtime/detections.ts';
import { createActor } from './act.ts';
import type { Collecting } from './act.ts';
import { openEffects } from './effects.ts';
import { createHolds } from './holds.ts';
import type { Holds, Standing } from './holds.ts';
import { createPrevention } from './prevention.ts';
import { createRecords } from './records.ts';

/** What the running sensor offers. Throws while none runs. */
export type SensorPort = { request(request: Request): Promise<void>; readonly isolation: boolean; readonly pinned: boolean };

export type ResponderOptions = {
  readonly folder: string;
  readonly node: string;
  /** Undefined while no sensor runs. */
  sensor(): SensorPort | undefined;
  readonly engine: ContainerEngine;
  tell(response: Response): void;
  gaps(gaps: readonly Gap[]): void;
  /** Gathers evidence of a process or container; resolves to its id when it lies in the spool. */
  collect(what: Collecting, read?: () => void): Promise<string>;
  /** What the console knows of an image; asks for a scan where there was none. */
  standing(image: string): Promise<Standing>;
  /** The strongest thing done about a detection, for its page. */
  acted(detection: string, action: Detection['action']): void;
  now(): number;
  log(message: string): void;
};

const ToRelease = z.object({ container: z.string().regex(/^[0-9a-f]{12,64}$/, 'a container id'), by: z.string().max(300).default('console') });

export type Judged = { readonly waivedBy?: string; readonly waiverEnded?: string; readonly asked: readonly Asked[] };
export type DeniedExec = { readonly cause: number; readonly container: string; readonly path: string; readonly comm: string };

export type Responder = {
  policy(desired: DesiredPolicy): void;
  /** The rules in force, as far as prevention goes. */
  pack(rules: readonly Preventable[]): void;
  /** A sensor runs, the first or the next one: what holds is asked of it anew. */
  armed(): void;
  container(id: string, place: EventPlace | undefined, image: string | undefined): void;
  /** Whether a match counts, and what policies ask about it. */
  judge(match: Match): Judged;
  /** Does what is asked; resolves when all of it has its outcome. */
  act(detection: string, match: Match, asked: readonly Asked[]): Promise<void>;
  /** An exec the kernel denied: who asked for it, where that is known. */
  denied(exec: DeniedExec, detection: string, match: Match): void;
  whose(exec: DeniedExec): { readonly policy: string; readonly rule: string } | undefined;
  readonly holds: Holds;
  /** The name of this node's cluster, once the console has told it. */
  readonly cluster: string;
  /** Done by hand from the console. Throws with the reason when it can't be done; answers words where there are some. */
  command(kind: string, body: unknown): Promise<string | undefined>;
  /** Commands that `command` knows. */
  knows(kind: string): boolean;
  tick(): void;
  flush(): void;
};

/** Decides and does what response policies ask on this node, by itself, with the last policy the console gave. */
export function createResponder(options: ResponderOptions): Responder {
  const { node, now, log } = options;
  const effects = openEffects(options.folder, log);
  const records = createRecords(node, options.tell, now);
  const request = async (one: Request): Promise<void> => {
    const sensor = options.sensor();
    if (sensor === undefined) throw new Error('no sensor runs on this node');
    await sensor.request(one);
  };
  const prevention = createPrevention({ request, effects, now });
  const holds = createHolds({ request, engine: options.engine, standing: options.standing, add: (done) => void records.add(done), now, log });
  const actor = createActor({ ...options, request, effects, records, reconcile: bring });
  const since = new Date(now()).toISOString();
  let cluster = '';
  let policies: readonly ResponsePolicy[] = [];
  let pack: readonly Preventable[] = [];
  let responses: Responses = compileResponses([]);
  let waivers: readonly RuntimeWaiver[] = [];
  let unread: readonly string[] = [];
  let kernel: readonly string[] = [];

  function compile(): void {
    responses = compileResponses(policies);
    prevention.want(denials(policies, pack));
    holds.want(policies, cluster);
    bring();
  }

  function bring(): void {
    if (options.sensor() === undefined) return tellGaps();
    void prevention.reconcile().then((refused) => {
      kernel = refused;
      tellGaps();
    });
    holds.apply();
  }

  function tellGaps(): void {
    const remedy = { en: 'Change the policy in the console: an alert, a kill after the act or a deny rule can be asked for instead.', 'zh-CN': '在控制台修改该策略：可改为告警、事后结束进程，或使用 deny 规则。' };
    const gap = (kind: string, subject: string, reason: string): Gap => ({ kind, subject: subject.slice(0, 300), since, reason: reason.slice(0, 1000), count: 1, remedy });
    const wantsSensor = policies.some((policy) => policy.spec.deny.length + policy.spec.hold.length > 0 || policy.spec.rules.some((rule) => rule.then.some((action) => action === 'prevent' || action === 'isolate' || action === 'kill-process')));
    const sensor = options.sensor();
    options.gaps([
      ...(pack.length === 0 ? [] : policies.flatMap((policy) => refusals(policy, pack).map((one) => gap('policy-refused', `${one.policy}/${one.rule}`, one.reason)))),
      ...kernel.map((reason) => gap('policy-refused', 'kernel', reason)),
      ...unread.map((reason) => gap('policy-not-understood', 'policy', reason)),
      ...(wantsSensor && sensor === undefined ? [gap('response-without-sensor', 'sensor', 'no sensor runs on this node: nothing is prevented, held, isolated, and no process is killed')] : []),
      ...(wantsSensor && sensor?.isolation === false ? [gap('response-without-isolation', 'sensor', 'this kernel does not let the sensor cut a container off the network')] : []),
    ]);
  }

  return {
    holds,
    get cluster() {
      return cluster;
    },
    policy(desired) {
      ({ name: cluster } = desired.cluster);
      const faults: string[] = [];
      const found: ResponsePolicy[] = [];
      const waived: unknown[] = [];
      for (const document of desired.documents) {
        const kind = (document as { kind?: unknown } | null)?.kind;
        if (kind === 'Waiver') waived.push(document);
        else if (kind !== 'WafSite') {
          const read = ResponsePolicy.safeParse(document);
          if (read.success) found.push(read.data);
          else faults.push(`${String(kind)}: ${read.error.issues[0]?.path.join('.') ?? ''}: ${read.error.issues[0]?.message ?? ''}`);
        }
      }
      try {
        waivers = compileRuntimeWaivers(waived);
      } catch (error) {
        waivers = [];
        faults.push(`waivers: ${messageOf(error)}`);
      }
      policies = found;
      unread = faults;
      log(`policy ${desired.revision}: ${found.length} response policies, ${waivers.length} waivers of runtime rules`);
      compile();
    },
    pack(rules) {
      pack = rules;
      compile();
    },
    armed() {
      if (options.sensor() === undefined) return tellGaps();
      prevention.armed(options.sensor()?.pinned === true);
      holds.armed();
      for (const effect of effects.all) if (effect.kind === 'isolated') request({ op: 'isolate', text: effect.container.slice(0, 12) }).catch((error: unknown) => log(`isolation of ${effect.container.slice(0, 12)} not held up: ${messageOf(error)}`));
      bring();
    },
    container(id, place, image) {
      prevention.place(id, place);
      if (place === undefined) {
        actor.gone(id);
        holds.gone(id);
      } else holds.container(id, place, image);
      if (policies.some((policy) => policy.spec.deny.length + policy.spec.rules.filter((rule) => rule.then.includes('prevent')).length > 0)) bring();
    },
    judge(match) {
      const place = { ...match.place, cluster };
      const { facts } = match;
      const waived = waivers.length === 0 || facts === undefined ? undefined : waiverOf(waivers, facts, place, now());
      if (waived !== undefined && !waived.ended) return { waivedBy: waived.waiver.name, asked: [] };
      return { ...(waived === undefined ? {} : { waiverEnded: waived.waiver.name }), asked: responses.ask({ rule: match.rule, ruleId: match.ruleId, priority: match.priority, tags: match.tags, process: match.process, place }) };
    },
    act: actor.act,
    whose: (exec) => prevention.whose(exec)?.asker,
    denied(exec, detection, match) {
      const whose = prevention.whose(exec);
      records.add({
        key: `${match.container ?? ''} ${exec.path}`, at: match.at, action: 'deny-exec', result: 'done', detection, rule: match.rule, ...(whose === undefined ? {} : { policy: { name: whose.asker.policy, rule: whose.asker.rule } }),
        ...actor.target(match), undo: 'allow', message: whose?.key ?? exec.path,
      });
    },
    async command(kind, body) {
      if (kind !== 'release') return actor.command(kind, body);
      const { container, by } = ToRelease.parse(body);
      await holds.release(container, by);
      return undefined;
    },
    knows: (kind) => kind === 'release' || actor.knows(kind),
    tick() {
      actor.tick();
      records.tick();
      if (effects.expire(now())) bring();
    },
    flush: records.flush,
  };
}
