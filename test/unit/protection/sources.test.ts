import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { packageRoot } from '../../../shared/package-root.ts';
import { openFileSecretStore } from '../../../shared/secrets/file-secret-store.ts';
import { secretNames } from '../../../shared/secrets/secret-store.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';

const sources = (...folders: string[]) =>
  folders
    .flatMap((folder) =>
      readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && /\.tsx?$/.test(entry.name),
      ),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file: relative(packageRoot, file), text: readFileSync(file, 'utf8') }));

const where = (pattern: RegExp, ...folders: string[]) =>
  sources(...folders)
    .filter(({ text }) => pattern.test(text))
    .map(({ file }) => file);

describe('the code that runs in the cloud (OWASP ASVS 2.10.2, 14.3.2)', () => {
  it('asks for no mode of its environment: what holds in a test holds for the operator', () => {
    expect(
      where(/NODE_ENV|AZURE_FUNCTIONS_ENVIRONMENT|\bdebugMode\b|isDevelopment/i, 'functions', 'shared'),
    ).toEqual([]);
  });

  it('knows no `/.local/` route: the mailbox is served by the one-machine runtime alone', () => {
    expect(where(/['"`]\/?\.local\b/, 'functions', 'shared', 'gateway')).toEqual([]);
    expect(where(/createMailboxIntercept\(/, 'functions', 'shared', 'gateway', 'local')).toEqual([
      'local/main.ts',
      'local/mailbox/mailbox-intercept.ts',
    ]);
  });

  it('has every function registered in one place, which leaves no authentication to a function key', () => {
    expect(where(/\bapp\.(?:http|get|post|put|patch|deleteRequest|timer|generic)\(/, 'functions')).toEqual([
      join('functions', 'trigger', 'endpoint.ts'),
    ]);
    expect(where(/authLevel: '(?!anonymous)/, 'functions')).toEqual([]);
  });
});

describe('the secrets of a service (OWASP ASVS 2.10.4, 6.4.1)', () => {
  it('are made on first start, for this folder alone, and for its owner to read', async () => {
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'drawbridge-secrets-')));
    try {
      const made = await Promise.all(
        folders.map(async (folder) => {
          const file = join(folder, 'secrets.json');
          const store = openFileSecretStore({ file, clock: systemClock, random: systemRandom });
          const values = await Promise.all(secretNames.map((name) => store.current(name)));
          expect(statSync(file).mode & 0o077).toBe(0);
          return values.map(({ value }) => Buffer.from(value).toString('hex'));
        }),
      );
      const all = made.flat();
      expect(all.every((value) => value.length === 64)).toBe(true);
      expect(new Set(all).size).toBe(2 * secretNames.length);
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
  });
});
