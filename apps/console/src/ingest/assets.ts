import { sql } from 'kysely';
import { itemBodies } from '@palisade/model/wire';
import type { Db } from '../postgres/database.ts';
import { judgementVersion, judgeContainer } from './judge-container.ts';
import { containerKey, imageKey } from './image-key.ts';
import { ingestKind } from './kind.ts';

export const node = ingestKind({
  kind: 'node',
  schema: itemBodies.node,
  async store(db, body, at, sender) {
    const own = { ...body, id: sender.node, cluster: sender.cluster };
    await sql`insert into nodes (id, cluster, name, body, at, seen_at) values (${sender.node}, ${sender.cluster}, ${body.name}, ${JSON.stringify(own)}::jsonb, ${at}, now())
      on conflict (id) do update set name = excluded.name, body = excluded.body, at = excluded.at, seen_at = now() where nodes.at is null or nodes.at <= excluded.at`.execute(db);
  },
});

export const container = ingestKind({
  kind: 'container',
  schema: itemBodies.container,
  async store(db, body, at, sender) {
    const own = { ...body, node: sender.node, cluster: sender.cluster };
    const image = await knownImage(db, sender.cluster, body.image, [body.imageName]);
    const { risks, worst } = judgeContainer(own);
    await sql`insert into containers (key, cluster, node, container_id, name, image_key, image_name, state, namespace, project, workload, engine, privileged, exposed, body, at, risks, worst, judged)
      values (${containerKey(sender.cluster, body.id)}, ${sender.cluster}, ${sender.node}, ${body.id}, ${body.name}, ${image}, ${body.imageName}, ${body.state}, ${body.namespace ?? null},
        ${body.project ?? null}, ${body.workload ?? null}, ${body.engine}, ${body.privileged}, ${body.ports.some((port) => port.hostPort !== undefined) || body.networkMode === 'host'}, ${JSON.stringify(own)}::jsonb, ${at}, ${risks}, ${worst}, ${judgementVersion})
      on conflict (key) do update set risks = excluded.risks, worst = excluded.worst, judged = excluded.judged, node = excluded.node, name = excluded.name, image_key = excluded.image_key, image_name = excluded.image_name, state = excluded.state, namespace = excluded.namespace,
        project = excluded.project, workload = excluded.workload, privileged = excluded.privileged, exposed = excluded.exposed, body = excluded.body, at = excluded.at, removed_at = null
      where containers.at <= excluded.at`.execute(db);
    await countRunning(db, [image]);
  },
});

export const containerRemoved = ingestKind({
  kind: 'container-removed',
  schema: itemBodies['container-removed'],
  async store(db, body, at, sender) {
    const gone = await sql<{ image_key: string }>`update containers set removed_at = ${at}, at = ${at} where key = ${containerKey(sender.cluster, body.id)} and node = ${sender.node} and at <= ${at} returning image_key`.execute(db);
    await countRunning(db, gone.rows.map((row) => row.image_key));
  },
});

export const inventory = ingestKind({
  kind: 'inventory',
  schema: itemBodies.inventory,
  async store(db, body, at, sender) {
    const gone = await sql<{ image_key: string }>`update containers set removed_at = ${at} where node = ${sender.node} and removed_at is null and at <= ${at} and not (container_id = any(${body.containers}::text[])) returning image_key`.execute(db);
    await sql`insert into nodes (id, cluster, name) values (${sender.node}, ${sender.cluster}, ${sender.node}) on conflict do nothing`.execute(db);
    const before = await sql<{ image_key: string }>`delete from node_images where node = ${sender.node} returning image_key`.execute(db);
    for (const image of [...body.images].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const key = await knownImage(db, sender.cluster, image.id, image.names);
      await sql`insert into node_images (node, image_id, image_key, names, size) values (${sender.node}, ${image.id}, ${key}, ${image.names}, ${image.size ?? null}) on conflict do nothing`.execute(db);
      if (image.names.length > 0) await sql`update images set names = ${image.names}, name = ${image.names[0] ?? image.id} where key = ${key} and names is distinct from ${image.names}::text[]`.execute(db);
    }
    const touched = [...before.rows.map((row) => row.image_key), ...body.images.map((image) => imageKey(sender.cluster, image.id))];
    await sql`update images i set present = exists (select 1 from node_images n where n.image_key = i.key) where i.key = any(${touched}::text[]) and i.kind = 'image'`.execute(db);
    await countRunning(db, gone.rows.map((row) => row.image_key));
  },
});

/** The key of an image, with a row saying "not scanned yet" when nothing is known of it. */
async function knownImage(db: Db, cluster: string, id: string, names: readonly string[]): Promise<string> {
  const key = imageKey(cluster, id);
  await sql`insert into images (key, cluster, image_id, names, name) values (${key}, ${cluster}, ${id}, ${names}, ${names[0] ?? id}) on conflict do nothing`.execute(db);
  return key;
}

async function countRunning(db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  // Who runs an image, and where, is part of its priorities and of which policies and waivers speak of it.
  await sql`update images i set running = c.n, due = case when c.n <> i.running and i.status is not null then greatest(i.due, 1) else i.due end
    from (select k.key, count(c.key) filter (where c.state = 'running')::int n from unnest(${[...new Set(keys)].sort()}::text[]) as k(key) left join containers c on c.image_key = k.key and c.removed_at is null group by k.key) c where i.key = c.key`.execute(db);
}
