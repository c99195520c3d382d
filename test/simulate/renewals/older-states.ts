import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { GatewayId } from '../../../shared/identifier.ts';

export const olderStatesFile = 'older-states.sqlite';
/** How many older states are kept. */
const kept = 20;

/**
 * Older states of the `gateways` container, as rows of the real database: what a region that takes over may have, and
 * what Cosmos DB's own backup brings back. Records that were revoked meanwhile are not put back.
 */
export class OlderStates {
  readonly #database: DatabaseSync;
  #made = 0;

  /** @param folder of the service */
  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'documents.sqlite'), { timeout: 5000 });
    this.#database.exec(`ATTACH '${join(folder, olderStatesFile)}' AS old`);
    this.#database.exec('PRAGMA old.synchronous = OFF');
  }

  get available(): boolean {
    return this.#made > 0;
  }

  /** @param fraction which of the kept ones, 0 (oldest) to 1 */
  #table(fraction: number): string {
    const oldest = Math.max(0, this.#made - kept);
    return `old.state${oldest + Math.floor(fraction * (this.#made - oldest))}`;
  }

  make(): void {
    this.#database.exec(
      `CREATE TABLE old.state${this.#made} AS SELECT id, etag, json FROM main.gateways;
       CREATE UNIQUE INDEX old.ids${this.#made} ON state${this.#made} (id)`,
    );
    if (this.#made >= kept) this.#database.exec(`DROP TABLE old.state${this.#made - kept}`);
    this.#made++;
  }

  putBackOne(id: GatewayId, fraction: number): void {
    this.#database.prepare(`${putBack(this.#table(fraction))} AND main.gateways.id = ?`).run(id);
  }

  putBackAll(fraction: number): void {
    this.#database.exec(putBack(this.#table(fraction)));
  }

  close(): void {
    this.#database.close();
  }
}

const putBack = (table: string): string =>
  `UPDATE main.gateways SET json = older.json, etag = older.etag FROM ${table} AS older
   WHERE older.id = main.gateways.id AND json_extract(main.gateways.json, '$.state') = 'active'`;
