import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Writes Trivy's Java index (layout of aquasecurity/trivy-java-db, version 1) without an entry into its cache folder:
 * without the file Trivy refuses every image that holds a jar. Jars are then named by what they say of themselves.
 */
export function writeEmptyJavaDb(cache: string): void {
  const folder = path.join(cache, 'java-db');
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(path.join(folder, 'trivy-java.db'));
  database.exec('CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT)');
  database.exec('CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT)');
  database.close();
  const now = new Date().toISOString();
  writeFileSync(path.join(folder, 'metadata.json'), JSON.stringify({ Version: 1, NextUpdate: '2099-01-01T00:00:00Z', UpdatedAt: now, DownloadedAt: now }));
}
