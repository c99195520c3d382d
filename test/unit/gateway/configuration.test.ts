import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readGatewayConfiguration, type ConfigurationFlags } from '../../../gateway/configuration.ts';
import { insecureAddress } from '../../../gateway/service-origin.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** What an admin may write, what it means, and what each mistake is called. */
describe('the configuration', () => {
  let folder: string;

  const least = { service: 'https://bridge.example', upstream: 'http://10.0.0.5:8080', stateDir: 'state' };
  const hilltop = {
    kind: 'hilltop',
    url: 'http://10.0.0.5:8080',
    adminName: 'admin',
    adminPasswordFile: 'password.txt',
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(removeFolders);

  async function read(content: unknown, flags: ConfigurationFlags = {}) {
    const file = join(folder, 'gateway.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readGatewayConfiguration({ config: file, ...flags });
  }

  describe('is taken', () => {
    it('with the least that it must say, and defaults for the rest', async () => {
      expect(await read(least)).toEqual({
        service: new URL('https://bridge.example'),
        upstream: new URL('http://10.0.0.5:8080'),
        stateDir: join(folder, 'state'),
        name: expect.any(String) as string,
        console: { port: 0, hostname: '127.0.0.1' },
        adapter: { kind: 'none' },
        listeners: 2,
        acceptPortalAdmissions: false,
      });
    });

    it('with paths from the folder of the file', async () => {
      expect(await read({ ...least, stateDir: '../s', caFile: 'ca.pem', adapter: hilltop })).toMatchObject({
        stateDir: join(folder, '..', 's'),
        caFile: join(folder, 'ca.pem'),
        adapter: { adminPasswordFile: join(folder, 'password.txt') },
      });
    });

    it('with absolute paths as they are', async () => {
      const { stateDir } = await read({ ...least, stateDir: '/var/lib/drawbridge' });
      expect(stateDir).toBe('/var/lib/drawbridge');
    });

    it('with flags over what the file says', async () => {
      const flags = {
        service: 'https://other.example',
        upstream: 'https://app.example',
        state: '/elsewhere',
      };
      const { service, upstream, stateDir, listeners } = await read({ ...least, listeners: 3 }, flags);
      expect([service.origin, upstream.origin, stateDir, listeners]).toEqual([
        'https://other.example',
        'https://app.example',
        '/elsewhere',
        3,
      ]);
    });

    it('from flags alone when they say all, and only then', async () => {
      const all = { service: 'https://bridge.example', upstream: 'http://app', state: '/state' };
      const missing = join(folder, 'missing.json');
      expect(await readGatewayConfiguration(all, missing)).toMatchObject({ stateDir: '/state' });
      for (const name of ['service', 'upstream', 'state'] as const) {
        const some = readGatewayConfiguration({ ...all, [name]: undefined }, missing);
        await expect(some).rejects.toMatchObject({
          code: 'config',
          message: expect.stringContaining(missing) as string,
        });
      }
      const named = readGatewayConfiguration({ ...all, config: missing });
      await expect(named).rejects.toMatchObject({ code: 'config' });
    });

    it.each([
      ['a byte order mark, as editors on Windows write it', `\ufeff${JSON.stringify(least)}`],
      ['a slash behind the address', { ...least, service: 'https://bridge.example/' }],
      ['a port', { ...least, upstream: 'https://app.example:8443' }],
      ['IPv6', { ...least, upstream: 'http://[fd00::5]:8080' }],
    ])('with %s', async (_, content) => {
      await expect(read(content)).resolves.toBeDefined();
    });
  });

  describe('is refused, and the setting that is wrong is named', () => {
    it.each([
      ['no JSON', '{', /gateway\.json is not a JSON object/],
      ['a list', [least], /is not a JSON object/],
      ['nothing', '', /is not a JSON object/],
      ['no service', { ...least, service: undefined }, /\n {2}service: must be an http\(s\) address/],
      ['no upstream', { ...least, upstream: undefined }, /\n {2}upstream: must be/],
      ['no state folder', { ...least, stateDir: undefined }, /\n {2}stateDir: /],
      ['an empty state folder', { ...least, stateDir: '' }, /\n {2}stateDir: /],
      [
        'a service that is a file',
        { ...least, service: 'file:///etc' },
        /\n {2}service: must be an http\(s\)/,
      ],
      ['a service without a scheme', { ...least, service: 'bridge.example' }, /\n {2}service: must be/],
      [
        'a path that would be dropped',
        { ...least, upstream: 'http://app/grafana' },
        /upstream: .* without user/,
      ],
      ['a user that would be dropped', { ...least, upstream: 'http://a:b@app' }, /upstream: .* without user/],
      ['a query that would be dropped', { ...least, service: 'https://x/?a=1' }, /service: .* without user/],
      ['a setting that is not known', { ...least, upsteam: 'x' }, /upsteam/],
      ['a name of spaces', { ...least, name: '   ' }, /\n {2}name: /],
      ['a name of 101 characters', { ...least, name: 'x'.repeat(101) }, /\n {2}name: /],
      ['a port beyond 65535', { ...least, console: { port: 65_536 } }, /\n {2}console\.port: /],
      ['a port in quotes', { ...least, console: { port: '7081' } }, /\n {2}console\.port: /],
      [
        'a console for the network',
        { ...least, console: { port: 1, hostname: '0.0.0.0' } },
        /console\.hostname: /,
      ],
      ['no listener', { ...least, listeners: 0 }, /\n {2}listeners: /],
      ['five listeners', { ...least, listeners: 5 }, /\n {2}listeners: /],
      ['a strange adapter', { ...least, adapter: { kind: 'other' } }, /\n {2}adapter\.kind: /],
      [
        'an adapter without its password file',
        { ...least, adapter: { ...hilltop, adminPasswordFile: undefined } },
        /\n {2}adapter\.adminPasswordFile: /,
      ],
      [
        'a password in the file itself',
        { ...least, adapter: { ...hilltop, adminPassword: 'x' } },
        /\n {2}adapter: .*adminPassword/,
      ],
    ])('%s', async (_, content, message) => {
      await expect(read(content)).rejects.toMatchObject({
        code: 'config',
        message: expect.stringMatching(message) as string,
      });
    });

    it('all of them at once', async () => {
      const failed = read({ service: 'x', upstream: 'y', listeners: 9 });
      await expect(failed).rejects.toThrow(/service: [^]*upstream: [^]*stateDir: [^]*listeners: /);
    });

    it('a file that is a folder', async () => {
      await expect(readGatewayConfiguration({ config: folder })).rejects.toMatchObject({
        code: 'config',
        message: `The configuration ${folder} cannot be read: EISDIR.`,
      });
    });
  });

  describe('talks http with the service on this machine only', () => {
    it.each([
      'https://bridge.example',
      'wss://bridge.example',
      'http://localhost:7071',
      'http://portal.localhost:7071',
      'http://127.0.0.1:7071',
      'http://127.8.9.10',
      'http://[::1]:7071',
      'ws://localhost:7071',
    ])('%s is taken', (address) => {
      expect(insecureAddress(new URL(address))).toBeUndefined();
    });

    it.each([
      'http://bridge.example',
      'http://10.0.0.5',
      'http://128.0.0.1',
      'http://0.0.0.0',
      'http://localhost.attacker.example',
      'http://notlocalhost',
      'http://[::2]',
      'http://[::ffff:10.0.0.1]',
      'ws://bridge.example',
      'ftp://localhost',
    ])('%s is refused', (address) => {
      expect(insecureAddress(new URL(address))).toMatch(/https/);
    });

    it('also when a flag says so', async () => {
      await expect(read(least, { service: 'http://bridge.example:8080' })).rejects.toMatchObject({
        code: 'config',
        message: 'service: http is allowed only on this machine; write https://bridge.example:8080',
      });
    });

    it('while the application may be reached by http, on its own network', async () => {
      expect((await read(least)).upstream.protocol).toBe('http:');
    });
  });
});
