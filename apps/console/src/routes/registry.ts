import type { App } from '../http/app.ts';
import type { Context } from '../context.ts';
import { agentRoutes } from './agents.ts';
import { sessionRoutes } from './session.ts';
import { imageRoutes } from './images.ts';
import { serviceRoutes } from './service.ts';

/** Every group of routes of the API. */
export async function addRoutes(app: App, context: Context): Promise<void> {
  for (const routes of [serviceRoutes, sessionRoutes, agentRoutes, imageRoutes]) routes(app, context);
}
