import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** This process's Prometheus metrics. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });

export const metrics = {
  items: new Counter({ name: 'palisade_items_stored_total', help: 'Items of agents stored.', registers: [registry] }),
  batchSeconds: new Histogram({ name: 'palisade_batch_seconds', help: 'Time to commit a batch of items.', buckets: [0.005, 0.02, 0.1, 0.5, 2, 10], registers: [registry] }),
  requestSeconds: new Histogram({ name: 'palisade_http_request_seconds', help: 'Time of an API request.', labelNames: ['route', 'status'], buckets: [0.01, 0.03, 0.1, 0.3, 1, 3], registers: [registry] }),
};
