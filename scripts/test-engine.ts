export { startPrivateEngine as startTestEngine } from '../apps/cli/src/drill/private-engine.ts';
export type { PrivateEngine as TestEngine } from '../apps/cli/src/drill/private-engine.ts';
