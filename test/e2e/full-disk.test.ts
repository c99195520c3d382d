import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { eventually, programEnvironment, Runtime } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { tokensByDeviceGrant } from '../support/device-grant.ts';
import { limitedFiles, mayMount, smallFileSystem, type SmallDisk } from '../support/small-disk.ts';

const mounts = mayMount();
const disks: readonly (readonly [what: string, make: () => Promise<SmallDisk>])[] = [
  ...(mounts ? [['the file system is full', smallFileSystem] as const] : []),
  ['no file can grow any more', () => limitedFiles('grow')],
  ['the disk can only be read', () => limitedFiles('write')],
];

const unavailable = {
  status: 503,
  headers: expect.objectContaining({
    'content-type': 'application/problem+json',
    'retry-after': expect.stringMatching(/^[1-9]\d*$/) as string,
  }) as object,
};

/** A system that shares, and what the service acknowledged of it. */
class Sharing {
  readonly acknowledged = new Map<string, string>();
  readonly refused: string[] = [];
  readonly #url: string;
  readonly #authorization: string;

  constructor(runtime: Runtime, accessToken: string) {
    this.#url = new URL('/api/shares', runtime.origin).href;
    this.#authorization = `Bearer ${accessToken}`;
  }

  async make(key: string): Promise<Answer> {
    const answer = await send(this.#url, {
      method: 'POST',
      headers: {
        authorization: this.#authorization,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({
        dashboard: { id: 'north', title: 'North', entryPath: '/north' },
        recipients: ['ann@guest.example'],
        // Large enough that a disk is soon full.
        description: 'x'.repeat(2000),
        allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['north'] }] },
        sharedBy: { name: 'Olga' },
      }),
    });
    if (answer.status < 300) this.acknowledged.set(key, (JSON.parse(answer.text) as { id: string }).id);
    return answer;
  }

  async ids(): Promise<string[]> {
    const found: string[] = [];
    let continuation: string | undefined;
    do {
      const query = continuation === undefined ? '' : `&continuation=${encodeURIComponent(continuation)}`;
      const { status, text } = await send(`${this.#url}?limit=100${query}`, {
        headers: { authorization: this.#authorization },
      });
      expect(status).toBe(200);
      const page = JSON.parse(text) as { shares: { id: string }[]; continuation?: string };
      found.push(...page.shares.map(({ id }) => id));
      ({ continuation } = page);
    } while (continuation !== undefined);
    return found;
  }

  /** Shares until it is refused some times in a row. */
  async untilRefused(): Promise<Answer> {
    let answer: Answer | undefined;
    for (let made = 0, refusals = 0; refusals < 5; made++) {
      if (made > 2000) throw new Error('The disk does not get full.');
      const key = randomUUID();
      answer = await this.make(key);
      if (answer.status < 300) refusals = 0;
      else {
        this.refused.push(key);
        expect(answer).toMatchObject(unavailable);
        refusals++;
      }
    }
    if (!answer) throw new Error('nothing was asked');
    return answer;
  }
}

const check = (dataDir: string): Promise<string> =>
  new Promise((resolve) => {
    const options = { env: programEnvironment({ DATA_DIR: dataDir }), cwd: packageRoot };
    const program = join(packageRoot, 'dist/local/check.js');
    execFile(process.execPath, [program], options, (error, stdout, stderr) =>
      resolve(`${error ? String(error.code) : 0} ${stdout}${stderr}`),
    );
  });

it.each(disks)(
  'when %s, it says so with 503, loses nothing that it acknowledged, and goes on by itself with room again',
  async (_, makeDisk) => {
    const disk = await makeDisk();
    const runtime = await Runtime.start({ DATA_DIR: disk.folder });
    try {
      const owner = new Person(runtime, 'olga@plant.example');
      const tokens = await tokensByDeviceGrant(runtime, owner, 'plant');
      const sharing = new Sharing(runtime, tokens.access_token);
      for (let n = 0; n < 3; n++) expect((await sharing.make(randomUUID())).status).toBe(201);
      const pid = runtime.pid ?? 0;

      await disk.fill(pid);
      const refusal = await sharing.untilRefused();
      // What the operator reads stays with the operator.
      expect(refusal.text).not.toMatch(/disk|sqlite|ENOSPC|EFBIG/i);
      expect(runtime.output).toMatch(/The disk under the store|The store is read-only/);
      // Reading goes on, and what was acknowledged is there.
      expect(await sharing.ids()).toEqual(expect.arrayContaining([...sharing.acknowledged.values()]));
      const health = await send(new URL('/api/health', runtime.origin).href);
      expect(JSON.parse(health.text)).toMatchObject({ dependencies: { documents: 'failing' } });

      await disk.free(pid);
      for (const key of sharing.refused) await eventually(async () => (await sharing.make(key)).status < 300);
      const now = [...sharing.acknowledged.values()].sort();
      expect((await sharing.ids()).sort()).toEqual(now);
      expect(runtime.pid).toBe(pid);

      await runtime.kill();
      await runtime.restart();
      expect((await sharing.ids()).sort()).toEqual(now);
      // What was begun when there was no room is finished by timers, or by who asked again.
      expect(await runtime.stop()).toBe(0);
      expect(await check(disk.folder)).toBe('0 All documents fit each other.\n');
    } finally {
      await runtime.kill();
      await disk.remove();
    }
  },
);

if (mounts)
  it('says what is wrong when its folder can only be read as it starts, and starts once it can be written', async () => {
    const disk = await smallFileSystem();
    const runtime = await Runtime.start({ DATA_DIR: disk.folder });
    try {
      const owner = new Person(runtime, 'olga@plant.example');
      const { access_token } = await tokensByDeviceGrant(runtime, owner, 'plant');
      const sharing = new Sharing(runtime, access_token);
      expect((await sharing.make(randomUUID())).status).toBe(201);
      await runtime.kill();
      await disk.readOnly(true);
      await expect(runtime.restart()).rejects.toThrow(
        /The store file \S+documents\.sqlite cannot be opened or created \(EROFS\)\./,
      );
      await disk.readOnly(false);
      await runtime.restart();
      expect(await sharing.ids()).toEqual([...sharing.acknowledged.values()]);
    } finally {
      await runtime.kill();
      await disk.remove();
    }
  });
