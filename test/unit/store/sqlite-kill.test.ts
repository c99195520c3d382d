import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Document } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';

type Counted = Document & { expiresAt: number };

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  file = join(folder, 'documents.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a writer until it has acknowledged so many lines, kills it, and gives every line it got out. */
async function writeAndKill(name: string, lines: number): Promise<string[]> {
  const writer = join(import.meta.dirname ?? __dirname, 'write-until-killed.ts');
  const child = spawn(process.execPath, [writer, file, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  await closed;
  return said;
}

it('holds every acknowledged write of two processes after both were killed, again and again', async () => {
  const store = openSqliteDocumentStore({ file });
  await store.create('shares', { id: 'shared', pk: 'shared', expiresAt: 0 } as Counted);
  await store.close();
  let increments = 0;
  const rounds = [9, 40, 71, 123];

  for (const lines of rounds) {
    const names = [`a${lines}`, `b${lines}`];
    const said = await Promise.all(names.map((name, n) => writeAndKill(name, lines + n)));
    const after = openSqliteDocumentStore({ file });

    for (const [n, name] of names.entries()) {
      const acknowledged = new Map((said[n] ?? []).filter((line) => line.startsWith(name)).map(pair));
      const steps = [...acknowledged.values()].filter((step) => step !== 'gone').map(Number);
      const latest = Math.max(-1, ...steps);
      for (const [id, step] of acknowledged) {
        const found = await after.read<Counted>('shares', name, id);
        // The one write under way at the kill may be there as well; nothing older may.
        const there = found?.document.expiresAt ?? 'gone';
        if (String(there) !== step) expect(there === 'gone' || there > latest).toBe(true);
      }
    }
    increments += said.flat().filter((line) => line === 'shared +1').length;
    const counted = (await after.read<Counted>('shares', 'shared', 'shared'))?.document.expiresAt ?? -1;
    expect(counted).toBeGreaterThanOrEqual(increments);
    expect(counted - increments).toBeLessThanOrEqual(names.length);
    increments = counted;
    await after.close();
  }
}, 60_000);

const pair = (line: string): [string, string] => {
  const [id = '', step = ''] = line.split(' ');
  return [id, step];
};
