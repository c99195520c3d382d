import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openFileSecretStore } from '../../../shared/secrets/file-secret-store.ts';
import { SecretsUnavailable } from '../../../shared/secrets/secret-store.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  file = join(folder, 'data', 'secrets.json');
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => openFileSecretStore({ file, clock: systemClock, random: systemRandom });

it('makes a secret of 32 bytes when it is first asked for, and gives the same ever after', async () => {
  const first = await open().current('token-signing');
  expect(first.value).toHaveLength(32);
  expect(await open().current('token-signing')).toEqual(first);
  expect((await open().current('handoff')).value).not.toEqual(first.value);
});

it('keeps them in a file for its owner alone, and leaves nothing half-written beside it', async () => {
  await open().current('token-signing');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  expect((await readdir(join(folder, 'data'))).filter((name) => name.endsWith('.new'))).toEqual([]);
});

it('rotates: the new version is current, the former stay, and another process sees both', async () => {
  const first = await open().current('token-signing');
  const second = await open().rotate('token-signing');
  const other = open();
  expect(await other.current('token-signing')).toEqual(second);
  expect(await other.version('token-signing', first.version)).toEqual(first);
  expect((await other.versions('token-signing')).map(({ version }) => version)).toEqual([
    second.version,
    first.version,
  ]);
  expect(await other.version('token-signing', 'invented')).toBeUndefined();
});

it.each(['', '{', '{"schemaVersion":1,"secrets":{"handoff":[]}}', '{"schemaVersion":2,"secrets":{}}'])(
  'refuses a damaged file rather than make new secrets, and quotes nothing of it: %j',
  async (content) => {
    await open().current('token-signing');
    await writeFile(file, content);
    await expect(open().current('token-signing')).rejects.toThrow(SecretsUnavailable);
    await expect(open().rotate('token-signing')).rejects.toThrow(SecretsUnavailable);
    expect(await readFile(file, 'utf8')).toBe(content);
  },
);

it('says when the folder cannot be written', async () => {
  await writeFile(join(folder, 'data'), 'a file, not a folder');
  await expect(open().current('token-signing')).rejects.toThrow(SecretsUnavailable);
});

it('lets processes that start at once agree, and loses no version when they rotate at once', async () => {
  const path = (name: string) => JSON.stringify(join(process.cwd(), 'shared', name));
  const script = `
    import { openFileSecretStore } from ${path('secrets/file-secret-store.ts')};
    import { systemClock as clock, systemRandom as random } from ${path('system-clock.ts')};
    const secrets = openFileSecretStore({ file: ${JSON.stringify(file)}, clock, random });
    const { version } = await secrets.current('token-signing');
    for (let n = 0; n < 5; n++) await secrets.rotate('handoff');
    process.stdout.write(version);`;
  const started = await Promise.all(
    [1, 2, 3, 4].map(() => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])),
  );
  expect(new Set(started.map(({ stdout }) => stdout)).size).toBe(1);
  // Each process rotated five times, and the first of all made no version of its own before.
  expect(await open().versions('handoff')).toHaveLength(20);
});
