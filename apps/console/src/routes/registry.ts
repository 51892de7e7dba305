import type { App } from '../http/app.ts';
import type { Context } from '../context.ts';
import { agentRoutes } from './agents.ts';
import { alertRoutes } from './alerts.ts';
import { auditRoutes } from './audit.ts';
import { documentRoutes } from './documents.ts';
import { evidenceRoutes } from './evidence.ts';
import { feedRoutes } from './feeds.ts';
import { liveRoutes } from './live.ts';
import { policyRoutes } from './policies.ts';
import { sessionRoutes } from './session.ts';
import { imageRoutes } from './images.ts';
import { serviceRoutes } from './service.ts';
import { containerRoutes } from './containers.ts';
import { coverageRoutes } from './coverage.ts';
import { detectionRoutes } from './detections.ts';
import { incidentRoutes } from './incidents.ts';
import { nodeRoutes } from './nodes.ts';
import { overviewRoutes } from './overview.ts';
import { vulnerabilityRoutes } from './vulnerabilities.ts';
import { taskRoutes } from './tasks.ts';
import { sbomRoutes } from './sbom.ts';
import { responseRoutes } from './responses.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';
import { wafPatchRoutes } from './waf-patches.ts';
import { wafExclusionRoutes } from './waf-exclusions.ts';
import { wafRoutes } from './waf.ts';
import { waiverRoutes } from './waivers.ts';

/** Every group of routes of the API. */
export async function addRoutes(app: App, context: Context): Promise<void> {
  const groups = [
    serviceRoutes, sessionRoutes, agentRoutes, imageRoutes, sbomRoutes, overviewRoutes, vulnerabilityRoutes, nodeRoutes, containerRoutes, detectionRoutes, responseRoutes, evidenceRoutes, incidentRoutes, coverageRoutes,
    documentRoutes, policyRoutes, waiverRoutes, feedRoutes, taskRoutes, userRoutes, tokenRoutes, auditRoutes, alertRoutes, wafRoutes, wafExclusionRoutes, wafPatchRoutes, liveRoutes,
  ];
  for (const routes of groups) routes(app, context);
}
