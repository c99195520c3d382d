import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { GatewayId } from '../../../shared/identifier.ts';

/** How many older states are kept. */
const kept = 20;

/**
 * Older states of the `gateways` container, as rows of the real database. Records that were revoked meanwhile are not
 * put back: a restore brings no revoked gateway to life (DESIGN.md section 8).
 */
export class Backups {
  readonly #database: DatabaseSync;
  #made = 0;

  /** @param folder of the service */
  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, 'documents.sqlite'), { timeout: 5000 });
    this.#database.exec(`ATTACH '${join(folder, 'backups.sqlite')}' AS old`);
    this.#database.exec('PRAGMA old.synchronous = OFF');
  }

  get available(): boolean {
    return this.#made > 0;
  }

  /** @param fraction which of the kept ones, 0 (oldest) to 1 */
  #table(fraction: number): string {
    const oldest = Math.max(0, this.#made - kept);
    return `old.backup${oldest + Math.floor(fraction * (this.#made - oldest))}`;
  }

  make(): void {
    this.#database.exec(
      `CREATE TABLE old.backup${this.#made} AS SELECT id, etag, json FROM main.gateways;
       CREATE UNIQUE INDEX old.ids${this.#made} ON backup${this.#made} (id)`,
    );
    if (this.#made >= kept) this.#database.exec(`DROP TABLE old.backup${this.#made - kept}`);
    this.#made++;
  }

  restoreOne(id: GatewayId, fraction: number): void {
    this.#database.prepare(`${restore(this.#table(fraction))} AND main.gateways.id = ?`).run(id);
  }

  restoreAll(fraction: number): void {
    this.#database.exec(restore(this.#table(fraction)));
  }

  close(): void {
    this.#database.close();
  }
}

const restore = (table: string): string =>
  `UPDATE main.gateways SET json = older.json, etag = older.etag FROM ${table} AS older
   WHERE older.id = main.gateways.id AND json_extract(main.gateways.json, '$.state') = 'active'`;
