import { z } from 'zod';
import { Container } from './container.ts';
import { Detection } from './detection.ts';
import { Evidence, EvidencePart } from './evidence.ts';
import { Gap } from './gap.ts';
import { Node } from './node.ts';
import { Response } from './response.ts';
import { ScanResult } from './scan-result.ts';
import { WafEvent } from './waf-event.ts';

// What agent and console say to each other, over HTTPS with client certificates on PALISADE_AGENT_LISTEN:
//   GET  /agent/v1/ca        the console's CA certificate (PEM); the agent compares its SHA-256 with the join token's
//   POST /agent/v1/enrol     EnrolRequest -> EnrolAnswer      (no client certificate yet)
//   POST /agent/v1/renew     RenewRequest -> RenewAnswer
//   POST /agent/v1/items     gzip NDJSON, one Item a line -> ItemsAnswer, sent only after the commit
//   GET  /agent/v1/commands  NDJSON that never ends, one StreamLine a line
//   GET  /agent/v1/policy    DesiredPolicy (response.ts): what holds on this node now
//   GET  /agent/v1/image?id=sha256:…  ImageStanding: whether an image was scanned, and what the gate said

/** The TLS server name every gateway certificate carries, so that the address may be anything. */
export const gatewayServerName = 'gateway.palisade';

/** What one batch may hold; a sender splits before, the console refuses beyond (413). */
export const batchLimits = { items: 5000, compressedBytes: 32 << 20, bytes: 128 << 20, lineBytes: 96 << 20 } as const;

/**
 * One thing to be stored, once however often it is sent: `id` is deterministic (the same fact sent again has the
 * same id and the same `at`). A console that doesn't know `kind` stores the item and says so.
 */
export const Item = z.object({ id: z.string().min(1).max(200), kind: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), at: z.iso.datetime(), body: z.unknown() });
export type Item = z.infer<typeof Item>;

/** `refused`: stored aside with the reason, not to be sent again (its body doesn't fit its kind). */
export const ItemsAnswer = z.object({
  stored: z.number(),
  duplicates: z.number(),
  unknown: z.number(),
  refused: z.array(z.object({ id: z.string(), reason: z.string() })),
});
export type ItemsAnswer = z.infer<typeof ItemsAnswer>;

/**
 * The known kinds and their bodies. Cluster and node are the certificate's, whatever a body claims.
 * `container`: the newest `at` wins. `inventory`: all that runs and lies on the node at that moment; what the
 * console still holds beyond it is gone. `gaps`: every present gap of one source; those missing have ended.
 */
export const itemBodies = {
  node: Node,
  container: Container,
  'container-removed': z.object({ id: z.string() }),
  inventory: z.object({
    containers: z.array(z.string()),
    images: z.array(z.object({ id: z.string(), names: z.array(z.string()), size: z.number().optional() })),
  }),
  scan: z.object({ source: z.enum(['image', 'host']), scan: ScanResult }),
  gaps: z.object({ source: z.string(), gaps: z.array(Gap) }),
  'waf-event': WafEvent,
  detection: Detection,
  response: Response,
  'evidence-part': EvidencePart,
  evidence: Evidence,
  /** The revision of DesiredPolicy in force on the node. */
  'policy-applied': z.object({ revision: z.string().max(100) }),
  'command-result': z.object({ command: z.string(), ok: z.boolean(), message: z.string().optional(), data: z.unknown().optional() }),
} as const;
export type ItemKind = keyof typeof itemBodies;

/** Bound to a cluster; for one node and one hour unless its maker said otherwise. `ca` is the SHA-256 (hex) of the CA certificate's DER form. */
export const JoinToken = z.object({ url: z.string(), cluster: z.string(), ca: z.string().regex(/^[0-9a-f]{64}$/), secret: z.string() });
export type JoinToken = z.infer<typeof JoinToken>;

const joinPrefix = 'palisade-join.';

/** The one string a person copies. */
export function encodeJoinToken(token: JoinToken): string {
  return joinPrefix + Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Throws with a sentence for the user when the text is no join token. */
export function decodeJoinToken(text: string): JoinToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(joinPrefix)) throw new Error(`not a join token: it must begin with "${joinPrefix}"`);
  try {
    return JoinToken.parse(JSON.parse(Buffer.from(trimmed.slice(joinPrefix.length), 'base64url').toString('utf8')));
  } catch (cause) {
    throw new Error('not a join token: damaged or cut off', { cause });
  }
}

/** `csr`: PEM, PKCS#10, an ECDSA P-256 or Ed25519 key. `node` names the machine; the console answers its id. */
export const EnrolRequest = z.object({
  secret: z.string().max(200),
  csr: z.string().max(16_384),
  node: z.object({ name: z.string().min(1).max(253), machineId: z.string().max(200).optional() }),
  version: z.string().max(64),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

/** Times are ISO 8601; `renewAfter` is two thirds of the certificate's life. */
export const RenewAnswer = z.object({ certificate: z.string(), ca: z.string(), notAfter: z.string(), renewAfter: z.string() });
export type RenewAnswer = z.infer<typeof RenewAnswer>;

export const EnrolAnswer = RenewAnswer.extend({ agent: z.string(), node: z.string(), cluster: z.string() });
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;

export const RenewRequest = z.object({ csr: z.string().max(16_384) });
export type RenewRequest = z.infer<typeof RenewRequest>;

/**
 * What the agent is asked to do. The same id may come again after a broken stream: do it once, and answer with
 * an item of kind `command-result` whose id is derived from the command's.
 */
export const AgentCommand = z.object({ id: z.string(), kind: z.string(), at: z.string(), expires: z.string().optional(), body: z.unknown() });
export type AgentCommand = z.infer<typeof AgentCommand>;

/** A line of the command stream; `ping` comes every 15 s so that a dead connection is noticed, and with `policy` when another DesiredPolicy is in force. */
export const StreamLine = z.union([z.object({ ping: z.string(), policy: z.string().optional() }), z.object({ command: AgentCommand })]);
export type StreamLine = z.infer<typeof StreamLine>;
