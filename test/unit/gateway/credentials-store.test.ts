import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  readOrMake,
  removeTemporaryFiles,
  writeAtomically,
  writeNew,
} from '../../../gateway/state/atomic-file.ts';
import type { ConnectedCredentials, Credentials } from '../../../gateway/state/credentials.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { pendingApprovalFile } from '../../../gateway/state/pending-approval.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { start } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

afterEach(removeFolders);

const storeIn = (folder: string) => credentialsFile(folder, folderLocks(folder, systemTimer));

const connected: ConnectedCredentials = {
  state: 'connected',
  service: 'https://bridge.example',
  systemId: 'sys-1',
  systemName: 'North site',
  organizationName: 'Hill Radio',
  gatewayId: 'gw-1',
  accessToken: 'access-secret',
  accessTokenExpiresAt: start + 1,
  refreshToken: 'refresh-secret',
  renewedAt: start,
  renewAt: start + 2,
};

describe('the credentials file', () => {
  it('is readable by its owner only, in a folder that only the owner may enter', async () => {
    const folder = join(await temporaryFolder(), 'state');
    await storeIn(folder).write(connected);
    expect((await stat(join(folder, 'credentials.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('gives back what was written, whatever the names in it', async () => {
    const store = storeIn(await temporaryFolder());
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ minLength: 1 }), async (name, token) => {
        const written: Credentials = { ...connected, systemName: name, accessToken: token };
        await store.write(written);
        expect(await store.read()).toEqual(written);
      }),
      { numRuns: 20 },
    );
  });

  it('tells that there is none, which is not an error', async () => {
    const store = storeIn(join(await temporaryFolder(), 'never-made'));
    expect(await store.read()).toBeUndefined();
    await store.remove();
  });

  it('keeps the old content when a crash left a half-written new one, which is cleaned away later', async () => {
    const folder = await temporaryFolder();
    const store = storeIn(folder);
    await store.write(connected);
    const leftover = join(folder, '.credentials.json.0123456789ab.tmp');
    await writeFile(leftover, '{"state":"connec');
    expect(await store.read()).toEqual(connected);
    await utimes(leftover, new Date(start), new Date(start));
    await removeTemporaryFiles(folder, start + 1);
    expect(await readdir(folder)).toEqual(['credentials.json']);
  });

  it('leaves a temporary file alone that somebody may be writing just now', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.credentials.json.0123456789ab.tmp'), '{');
    await removeTemporaryFiles(folder, start - 1);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('keeps the old content when the new one cannot be written', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'blocked'));
    await writeFile(join(folder, 'blocked', 'inside'), '');
    // A folder in the place of the file: the last step fails, as it does on a full or read-only disk.
    await expect(writeAtomically(join(folder, 'blocked'), 'new')).rejects.toThrow();
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.each([
    ['half of it', '{"state":"connected","accessToken":"access-secret"'],
    ['another program wrote it', '{"state":"connected","accessToken":"access-secret"}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('says that it is damaged, without repeating a secret: %s', async (_, content) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'credentials.json'), content);
    const failure = await storeIn(folder)
      .read()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure).toMatchObject({ code: 'state-damaged' });
    expect(String(failure)).toContain('credentials.json');
    expect(String(failure)).not.toContain('secret');
  });
});

describe('a file that whoever comes first makes', () => {
  it('is made once, and everybody reads the same', async () => {
    const path = join(await temporaryFolder(), 'inner', 'key');
    let made = 0;
    const read = await Promise.all(Array.from({ length: 8 }, () => readOrMake(path, () => `key ${++made}`)));
    expect(new Set(read).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is not replaced', async () => {
    const path = join(await temporaryFolder(), 'key');
    expect(await writeNew(path, 'first')).toBe(true);
    expect(await writeNew(path, 'second')).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('first');
  });
});

describe('the pending approval file', () => {
  const pending = {
    service: 'https://bridge.example',
    deviceCode: 'device-secret',
    userCode: 'ABCD-EFGH',
    verificationUri: 'https://bridge.example/connect',
    verificationUriComplete: 'https://bridge.example/connect?code=ABCD-EFGH',
    expiresAt: start,
    interval: 5,
  };

  it('gives back what was written, for its owner only', async () => {
    const folder = await temporaryFolder();
    const store = pendingApprovalFile(folder);
    await store.write(pending);
    expect(await store.read()).toEqual(pending);
    expect((await stat(join(folder, 'approval.json'))).mode & 0o777).toBe(0o600);
    await store.remove();
    expect(await store.read()).toBeUndefined();
  });

  it('counts as absent when it is damaged: a new approval can be asked for', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'approval.json'), '{"service":');
    await chmod(join(folder, 'approval.json'), 0o600);
    expect(await pendingApprovalFile(folder).read()).toBeUndefined();
  });
});
