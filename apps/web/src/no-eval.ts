import { config } from 'zod';

// The pages' content policy forbids eval; without this zod tries it, and the browser notes a violation.
config({ jitless: true });
