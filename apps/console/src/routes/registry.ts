import type { App } from '../http/app.ts';
import type { Context } from '../context.ts';
import { agentRoutes } from './agents.ts';
import { sessionRoutes } from './session.ts';
import { imageRoutes } from './images.ts';
import { serviceRoutes } from './service.ts';
import { containerRoutes } from './containers.ts';
import { coverageRoutes } from './coverage.ts';
import { nodeRoutes } from './nodes.ts';
import { overviewRoutes } from './overview.ts';
import { vulnerabilityRoutes } from './vulnerabilities.ts';

/** Every group of routes of the API. */
export async function addRoutes(app: App, context: Context): Promise<void> {
  for (const routes of [serviceRoutes, sessionRoutes, agentRoutes, imageRoutes, overviewRoutes, vulnerabilityRoutes, nodeRoutes, containerRoutes, coverageRoutes]) routes(app, context);
}
