import { container, containerRemoved, inventory, node } from './assets.ts';
import { commandResult } from './command-result.ts';
import { detection } from './detection.ts';
import { evidence, evidencePart } from './evidence.ts';
import { gaps } from './gaps.ts';
import type { IngestKind } from './kind.ts';
import { policyApplied, response } from './response.ts';
import { scan } from './scan.ts';
import { wafEvent } from './waf-event.ts';

/** Every kind this console understands; others are held, not refused. */
export const ingestKinds: ReadonlyMap<string, IngestKind> = new Map([node, container, containerRemoved, inventory, scan, gaps, detection, response, policyApplied, evidencePart, evidence, commandResult, wafEvent].map((member) => [member.kind, member]));
