import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  credentialsOf,
  flagsFor,
  runGateway,
  startGateway,
  until,
  writeCredentials,
} from './gateway-process.ts';
import { metadataOf, ok, startServicePeer, tokensOf, type ServicePeer } from './service-peer.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** The command line as an admin or a script meets it: its words, its JSON and its exit codes. */
describe('the command line', () => {
  let folder: string;
  let state: string;
  let peer: ServicePeer;
  let flags: string[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    state = join(folder, 'state');
    peer = await startServicePeer();
    flags = flagsFor(peer.origin, peer.origin, state);
  });

  afterEach(async () => {
    await peer.close();
    await removeFolders();
  });

  const share = {
    id: 'north-1',
    url: 'https://north-1.shares.example/',
    status: 'active',
    dashboard: { id: 'north', title: 'Transmitter North' },
    recipients: [{ email: 'ann@guest.example', invitation: 'sent' }],
    createdAt: '2026-03-01T12:00:00.000Z',
  };

  const grant = {
    device_code: 'device-1',
    user_code: 'WDJB-MJHT',
    verification_uri: 'https://portal.example/connect',
    verification_uri_complete: 'https://portal.example/connect?user_code=WDJB-MJHT',
    expires_in: 900,
    interval: 0.05,
  };

  describe('before it does anything', () => {
    it.each([
      ['--help says what there is', ['--help'], 0, /connect +asks for approval/, /^$/],
      ['help as a word as well', ['help'], 0, /Exit codes: 0 done/, /^$/],
      ['no command shows the help, and is wrong', [], 2, /drawbridge-gateway COMMAND/, /^$/],
      ['an unknown command is wrong', ['lower'], 2, /^$/, /There is no command lower/],
      ['also one that is a word of JavaScript', ['constructor'], 2, /^$/, /no command constructor/],
      ['each command has its usage', ['unshare', '--help'], 0, /^unshare ID/, /^$/],
      ['an unknown flag is wrong', ['status', '--fast'], 2, /^$/, /--fast[^]*Usage: status/],
      ['a flag without its value is wrong', ['status', '--config'], 2, /^$/, /--config[^]*Usage: status/],
      ['a word that nothing takes is wrong', ['status', 'now'], 2, /^$/, /now[^]*Usage: status/],
      ['two words where one is taken are wrong', ['unshare', 'a', 'b'], 2, /^$/, /b[^]*Usage: unshare/],
      [
        'a missing configuration is named',
        ['status'],
        2,
        /^$/,
        /no configuration .*drawbridge-gateway\.json/,
      ],
      ['also one that a flag names', ['status', '--config', 'x.json'], 2, /^$/, /no configuration .*x\.json/],
    ])('%s', async (_, args, code, stdout, stderr) => {
      const ended = await runGateway(folder, args);
      expect(ended.code).toBe(code);
      expect(ended.stdout).toMatch(stdout);
      expect(ended.stderr).toMatch(stderr);
      expect(ended.stderr).not.toContain('    at ');
      expect(await readdir(folder)).toEqual([]);
    });

    it('takes the configuration of its folder, of an environment variable, or of a flag, the nearest first', async () => {
      const file = async (name: string, service: string) =>
        writeFile(join(folder, name), JSON.stringify({ service, upstream: peer.origin, stateDir: 'state' }));
      await file('drawbridge-gateway.json', 'https://folder.example');
      await file('environment.json', 'https://environment.example');
      await file('flag.json', 'https://flag.example');
      const told = { DRAWBRIDGE_GATEWAY_CONFIG: 'environment.json' };
      const service = async (args: string[], env = {}) => {
        const { stdout } = await runGateway(folder, ['status', '--json', ...args], env);
        return (JSON.parse(stdout) as { service: string }).service;
      };
      expect(await service([])).toBe('https://folder.example');
      expect(await service([], told)).toBe('https://environment.example');
      expect(await service(['--config', 'flag.json'], told)).toBe('https://flag.example');
      expect(await service(['--config', 'flag.json', '--service', 'https://word.example'])).toBe(
        'https://word.example',
      );
    });

    it.each([
      ['a CA file that is not there', 'missing.pem', undefined],
      ['a CA file without a certificate', 'empty.pem', 'nothing'],
    ])('names %s in one line', async (_, caFile, content) => {
      if (content !== undefined) await writeFile(join(folder, caFile), content);
      await writeFile(
        join(folder, 'drawbridge-gateway.json'),
        JSON.stringify({ service: peer.origin, upstream: peer.origin, stateDir: 'state', caFile }),
      );
      const ended = await runGateway(folder, ['status']);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/^caFile: .*\.pem .*\.\n$/);
    });
  });

  describe('not connected', () => {
    it.each([['shares'], ['unshare', 'north-1'], ['status']])('%s ends with 3', async (...args) => {
      const ended = await runGateway(folder, [...args, ...flags]);
      expect(ended.code).toBe(3);
      expect(ended.stdout + ended.stderr).toContain('not connected');
      expect(peer.requests).toEqual([]);
    });

    it('share ends with 3 as well, and leaves nothing behind', async () => {
      await writeFile(join(folder, 'calls.json'), JSON.stringify([{ method: 'GET', path: '/' }]));
      const args = ['share', '--dashboard', 'north', '--to', 'ann@guest.example', '--calls', 'calls.json'];
      const ended = await runGateway(folder, [...args, ...flags]);
      expect(ended.code).toBe(3);
      expect(await readdir(join(state, 'shares')).catch(() => [])).toEqual([]);
      expect(peer.requests).toEqual([]);
    });

    it('status as JSON has the same exit code', async () => {
      const ended = await runGateway(folder, ['status', '--json', ...flags]);
      expect(ended.code).toBe(3);
      expect(JSON.parse(ended.stdout)).toEqual({
        state: 'not-connected',
        service: peer.origin,
        watchers: [],
        running: false,
      });
    });

    it('disconnect is done already', async () => {
      const ended = await runGateway(folder, ['disconnect', '--json', ...flags]);
      expect(ended).toMatchObject({ code: 0, stdout: '{"outcome":"was-not-connected"}\n' });
    });

    it.each([
      ['expired', 'expired', /expired: an owner or admin can renew it in the portal/],
      ['revoked', 'reused', /used twice/],
      ['revoked', 'revoked', /revoked.*approve it again in the portal/],
      ['deleted', 'system_deleted', /no longer exists/],
    ])('status tells %s for %s from the others, with its own advice', async (ended, reason, words) => {
      const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
      const identity = { service, systemId, systemName, organizationName, gatewayId };
      await writeCredentials(state, { ...identity, state: ended, reason, since: Date.now() });
      const status = await runGateway(folder, ['status', ...flags]);
      expect(status.code).toBe(3);
      expect(status.stdout).toMatch(words);
    });

    it('damaged credentials are named, and their content is not repeated', async () => {
      await writeCredentials(state, { state: 'connected', accessToken: 'very-secret' });
      const ended = await runGateway(folder, ['status', ...flags]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/credentials\.json cannot be read as credentials/);
      expect(ended.stderr).not.toContain('very-secret');
    });
  });

  describe('connect', () => {
    it('shows the link and the code, waits, and keeps the credentials where nobody else can read them', async () => {
      let polls = 0;
      peer.on('POST /oauth/device', ok(grant));
      peer.on('POST /oauth/token', () =>
        ++polls < 3 ? { status: 400, json: { error: 'authorization_pending' } } : ok(tokensOf(1)),
      );
      const ended = await runGateway(folder, ['connect', ...flags]);
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('https://portal.example/connect?user_code=WDJB-MJHT');
      expect(ended.stdout).toContain('Connected as North site of Hill Radio.');
      expect(ended.stdout + ended.stderr).not.toMatch(/access-1|refresh-1|device-1/);
      expect(JSON.parse(await readFile(join(state, 'credentials.json'), 'utf8'))).toMatchObject({
        state: 'connected',
        refreshToken: 'refresh-1',
      });
      expect(await readdir(state)).not.toContain('approval.json');
    });

    it('as JSON prints only the outcome', async () => {
      peer.on('POST /oauth/device', ok(grant));
      peer.on('POST /oauth/token', ok(tokensOf(1)));
      const ended = await runGateway(folder, ['connect', '--json', ...flags]);
      expect(JSON.parse(ended.stdout)).toEqual({
        state: 'connected',
        system: { id: 'sys-1', name: 'North site' },
        organization: { name: 'Hill Radio' },
      });
    });

    it.each([
      ['denied', 'access_denied', /denied in the portal/],
      ['run out', 'expired_token', /Nobody decided in time/],
    ])('ends with 1 when the request was %s', async (_, error, words) => {
      peer.on('POST /oauth/device', ok(grant));
      peer.on('POST /oauth/token', { status: 400, json: { error } });
      const ended = await runGateway(folder, ['connect', ...flags]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(words);
      expect((await runGateway(folder, ['status', ...flags])).code).toBe(3);
    });

    it('waits along when another process waits, and goes on in its place when that one is killed', async () => {
      let approved = false;
      peer.on('POST /oauth/device', ok(grant));
      peer.on('POST /oauth/token', () =>
        approved ? ok(tokensOf(1)) : { status: 400, json: { error: 'authorization_pending' } },
      );
      const first = startGateway(folder, ['connect', ...flags]);
      await first.says(/WDJB-MJHT/);
      const second = startGateway(folder, ['connect', ...flags]);
      await second.says(/WDJB-MJHT/);
      await first.stop('SIGKILL');
      approved = true;
      expect(await second.ended).toMatchObject({ code: 0 });
      expect(peer.requests.filter(({ path }) => path === '/oauth/device')).toHaveLength(1);
    });

    it('ends when another process disconnects meanwhile', async () => {
      peer.on('POST /oauth/device', ok(grant));
      peer.on('POST /oauth/token', { status: 400, json: { error: 'authorization_pending' } });
      const connecting = startGateway(folder, ['connect', ...flags]);
      await connecting.says(/WDJB-MJHT/);
      expect((await runGateway(folder, ['disconnect', ...flags])).code).toBe(0);
      const ended = await connecting.ended;
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('ended without an approval');
    });

    it('refuses while connected', async () => {
      await writeCredentials(state, credentialsOf(peer.origin));
      const ended = await runGateway(folder, ['connect', ...flags]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('Disconnect it first');
      expect(peer.requests).toEqual([]);
    });

    it('says in one line that the service cannot be reached', async () => {
      const ended = await runGateway(folder, [
        'connect',
        ...flagsFor('http://127.0.0.1:1', peer.origin, state),
      ]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toBe('127.0.0.1:1 cannot be reached: nothing listens there\n');
    });
  });

  describe('connected', () => {
    beforeEach(() => writeCredentials(state, credentialsOf(peer.origin)));

    it('status says to whom, and that nothing runs', async () => {
      const ended = await runGateway(folder, ['status', ...flags]);
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('as North site of Hill Radio');
      expect(ended.stdout).toContain('start it with `run`');
      expect(ended.stdout).toContain('No tunnel: dashboards cannot be opened.\n');
      expect(ended.stdout).not.toMatch(/access-0|refresh-0/);
    });

    it('shares lists what is open, with the access token', async () => {
      peer.on('GET /api/shares', ok({ shares: [share, { ...share, id: 'old-1', status: 'ended' }] }));
      const words = await runGateway(folder, ['shares', ...flags]);
      expect(words).toMatchObject({
        code: 0,
        stdout: 'north-1  active  Transmitter North\n    ann@guest.example  not opened yet\n',
      });
      const json = await runGateway(folder, ['shares', '--json', ...flags]);
      expect((JSON.parse(json.stdout) as { shares: object[] }).shares).toMatchObject([{ id: 'north-1' }]);
      expect(peer.requests[0]?.headers.authorization).toBe('Bearer access-0');
    });

    it('share says what the dashboard may call, and makes it', async () => {
      peer.on('POST /api/shares', { status: 201, json: share });
      await writeFile(join(folder, 'calls.json'), JSON.stringify([{ method: 'GET', path: '/north' }]));
      const ended = await runGateway(folder, [
        ...['share', '--dashboard', 'north', '--title', 'Transmitter North', '--path', '/north'],
        ...['--to', 'ann@guest.example', '--to', 'ben@guest.example', '--calls', 'calls.json', '--yes'],
        ...['--expires', '2100-01-31T12:00:00Z', ...flags],
      ]);
      expect(ended.code).toBe(0);
      expect(ended.stderr).toContain('GET /north');
      expect(ended.stdout).toContain('https://north-1.shares.example/');
      expect(peer.requests.at(-1)?.json).toMatchObject({
        dashboard: { id: 'north', title: 'Transmitter North', entryPath: '/north', items: [] },
        recipients: ['ann@guest.example', 'ben@guest.example'],
        expiresAt: '2100-01-31T12:00:00.000Z',
      });
    });

    it.each([
      ['no dashboard', ['--to', 'ann@guest.example'], /Name the dashboard/],
      ['no recipient', ['--dashboard', 'north'], /at least one recipient/],
      ['no calls', ['--dashboard', 'north', '--to', 'a@b.example'], /--har FILE.*--calls FILE/],
      [
        'a missing file',
        ['--dashboard', 'n', '--to', 'a@b.example', '--calls', 'no.json'],
        /no\.json.*ENOENT/,
      ],
      [
        'a strange expiry',
        ['--dashboard', 'n', '--to', 'a@b.example', '--expires', 'soon'],
        /--expires soon/,
      ],
    ])('share with %s is wrong usage', async (_, args, words) => {
      const ended = await runGateway(folder, ['share', ...args, ...flags]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(words);
      expect(peer.requests).toEqual([]);
    });

    it('a problem of the service is told with the field that is wrong', async () => {
      const problem = { detail: 'Not valid.', errors: [{ field: 'recipients.0', detail: 'is no address' }] };
      peer.on('POST /api/shares', { status: 400, json: problem });
      await writeFile(join(folder, 'calls.json'), JSON.stringify([{ method: 'GET', path: '/' }]));
      const args = ['share', '--dashboard', 'north', '--to', 'ann', '--calls', 'calls.json', ...flags];
      const ended = await runGateway(folder, args);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('recipients.0: is no address');
      expect(await readdir(join(state, 'shares'))).toEqual([]);
    });

    it.each([
      ['no JSON', 'oops', /recording\.har is not valid JSON/],
      ['something else', '{"log":{"entries":[{}]}}', /the recording is no HAR 1\.2: log: entries: 0: /],
    ])('share with a recording that is %s says where, in one line', async (_, content, words) => {
      await writeFile(join(folder, 'recording.har'), content);
      const args = ['share', '--dashboard', 'n', '--to', 'a@b.example', '--har', 'recording.har', ...flags];
      const ended = await runGateway(folder, args);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(words);
      expect(ended.stderr.trim()).not.toContain('\n');
    });

    it('share says who shares, if not the person at the machine', async () => {
      peer.on('POST /api/shares', { status: 201, json: share });
      await writeFile(join(folder, 'calls.json'), JSON.stringify([{ method: 'GET', path: '/' }]));
      const args = ['share', '--dashboard', 'n', '--to', 'a@b.example', '--calls', 'calls.json'];
      await runGateway(folder, [...args, '--shared-by', 'Olga of Hill Radio', ...flags]);
      expect(peer.requests.at(-1)?.json).toMatchObject({ sharedBy: { name: 'Olga of Hill Radio' } });
    });

    it('unshare ends a share, and says so when there is none', async () => {
      peer.on('DELETE /api/shares/north-1', { status: 204 });
      expect(await runGateway(folder, ['unshare', 'north-1', '--json', ...flags])).toMatchObject({
        code: 0,
        stdout: '{"id":"north-1","status":"ended"}\n',
      });
      const none = await runGateway(folder, ['unshare', 'north-2', ...flags]);
      expect(none).toMatchObject({ code: 1, stderr: 'There is no share north-2.\n' });
      const json = await runGateway(folder, ['unshare', 'north-2', '--json', ...flags]);
      expect(json).toMatchObject({ code: 1, stderr: '' });
      expect(JSON.parse(json.stdout)).toEqual({
        error: { code: 'not-found', message: 'There is no share north-2.' },
      });
    });

    it('disconnect --this-gateway leaves the system to its other gateways', async () => {
      peer.on('DELETE /api/system/gateways/self', { status: 204 });
      const ended = await runGateway(folder, ['disconnect', '--this-gateway', '--yes', ...flags]);
      expect(ended).toMatchObject({
        code: 0,
        stdout: 'Removed this gateway. The system and its shares go on.\n',
      });
      expect(await readdir(state)).not.toContain('credentials.json');
      expect(
        peer.requests.filter(({ method, path }) => `${method} ${path}` === 'DELETE /api/system'),
      ).toEqual([]);
    });

    describe('gateways', () => {
      const one = { state: 'active', createdAt: '2026-01-01T00:00:00Z' };
      const both = [
        { ...one, id: 'gw-1', name: 'first', self: true },
        {
          ...one,
          id: 'gw-2',
          name: 'second',
          self: false,
          seenAt: '2026-03-01T12:00:00Z',
          seenFrom: '192.0.2.2',
        },
      ];
      beforeEach(() => peer.on('GET /api/system/gateways', ok({ gateways: both })));

      it('lists those of the system, and which one this is', async () => {
        const { stdout } = await runGateway(folder, ['gateways', ...flags]);
        expect(stdout).toMatch(/gw-1 {2}active {2}first \(this one\)/);
        expect(stdout).toMatch(/second\n.*last seen 2026-03-01T12:00:00Z from 192\.0\.2\.2/);
      });

      it('removes another one', async () => {
        peer.on('DELETE /api/system/gateways/gw-2', { status: 204 });
        const removed = await runGateway(folder, ['gateways', '--remove', 'gw-2', ...flags]);
        expect(removed).toMatchObject({
          code: 0,
          stdout: 'Removed second. The system and its shares go on.\n',
        });
      });

      it.each([
        ['gw-1', 2, 'disconnect --this-gateway'],
        ['gw-3', 1, 'has no gateway gw-3'],
      ])('does not remove %s', async (id, code, words) => {
        const refused = await runGateway(folder, ['gateways', '--remove', id, ...flags]);
        expect(refused.code).toBe(code);
        expect(refused.stderr).toContain(words);
      });

      it('says how to add one', async () => {
        const { stdout } = await runGateway(folder, ['gateways', '--add', ...flags]);
        expect(stdout).toMatch(/copy seal\.key[\s\S]*run `connect` there/);
      });
    });

    it('disconnect ends it here and there', async () => {
      peer.on('DELETE /api/system', { status: 204 });
      const ended = await runGateway(folder, ['disconnect', '--yes', ...flags]);
      expect(ended).toMatchObject({ code: 0, stdout: 'Disconnected. Its tokens and shares have ended.\n' });
      expect(await readdir(state)).not.toContain('credentials.json');
    });
  });

  describe('doctor', () => {
    const lines = (stdout: string) =>
      Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => [line.slice(7, 19).trim(), line] as const),
      );

    it('finds nothing when all is well', async () => {
      const ended = await runGateway(folder, ['doctor', ...flags]);
      expect(ended.stdout).not.toContain('FAULT');
      expect(ended.code).toBe(0);
    });

    it('says in one line each that nothing listens at a wrong port', async () => {
      const ended = await runGateway(folder, [
        'doctor',
        ...flagsFor('http://127.0.0.1:1', 'http://localhost:1', state),
      ]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toBe('');
      const { connection, application } = lines(ended.stdout);
      expect(connection).toMatch(/^FAULT .*127\.0\.0\.1:1: nothing listens there; correct `service`/);
      expect(application).toMatch(/^FAULT .*localhost:1: nothing listens there; correct `upstream`/);
    });

    it.each([
      ['ahead of', -3_600_000],
      ['behind', 3_600_000],
    ])('says in one line by how much the clock is %s the service', async (where, skew) => {
      const date = new Date(Date.now() + skew).toUTCString();
      peer.on('GET /api/health', { status: 503, headers: { date } });
      const ended = await runGateway(folder, ['doctor', ...flags]);
      expect(ended.code).toBe(1);
      const found = lines(ended.stdout);
      expect(found.clock).toBe(
        `FAULT  clock        this machine's clock is 60 minutes ${where} the service; set it`,
      );
      expect(Object.values(found).filter((line) => line.startsWith('FAULT'))).toHaveLength(1);
    });

    it('tells a server that is not the service', async () => {
      peer.on('GET /.well-known/oauth-authorization-server', { status: 404 });
      const { service } = lines((await runGateway(folder, ['doctor', ...flags])).stdout);
      expect(service).toMatch(/^FAULT .*is not a Drawbridge service: .* answers 404\.$/);
    });

    it('tells a service that goes by another name (RFC 8414 section 3.3)', async () => {
      const other = { ...metadataOf(peer.origin), issuer: 'https://bridge.example' };
      peer.on('GET /.well-known/oauth-authorization-server', ok(other));
      const { service } = lines((await runGateway(folder, ['doctor', ...flags])).stdout);
      expect(service).toMatch(/^FAULT .*says that it is https:\/\/bridge\.example/);
    });

    it('as JSON names each check', async () => {
      const ended = await runGateway(folder, ['doctor', '--json', ...flags]);
      const { checks } = JSON.parse(ended.stdout) as { checks: { check: string; ok: boolean }[] };
      expect(checks.map(({ check, ok: fine }) => [check, fine])).toEqual([
        ['state', true],
        ['name', true],
        ['connection', true],
        ['service', true],
        ['clock', true],
        // Not connected yet.
        ['relay', null],
        ['tunnel', null],
        ['application', true],
      ]);
    });

    it('names the proxy when that is what cannot be reached', async () => {
      const args = ['doctor', ...flagsFor('https://service.example', peer.origin, state)];
      const ended = await runGateway(folder, args, { HTTPS_PROXY: 'http://127.0.0.1:1' });
      expect(ended.code).toBe(1);
      expect(lines(ended.stdout).proxy).toMatch(
        /^FAULT .*127\.0\.0\.1:1 cannot be used: nothing listens there$/,
      );
    });

    it('tells of a relay that knows no such tunnel', async () => {
      await writeCredentials(state, credentialsOf(peer.origin));
      const endpoint = peer.origin.replace('http', 'ws');
      const expiresAt = '2100-01-01T00:00:00Z';
      peer.on('POST /api/tunnel/listener', ok({ endpoint, path: 'sys-1', token: 'sas', expiresAt }));
      const ended = await runGateway(folder, ['doctor', ...flags]);
      expect(ended.code).toBe(1);
      expect(lines(ended.stdout).tunnel).toMatch(/^FAULT .*404/);
    });
  });

  it('two processes that are refused at once renew once', async () => {
    let serial = 0;
    const valid = () => `Bearer access-${serial}`;
    await writeCredentials(state, credentialsOf(peer.origin, { accessToken: 'access-old' }));
    peer.on('GET /api/shares', ({ headers }) =>
      headers.authorization === valid() && serial > 0 ? ok({ shares: [] }) : { status: 401 },
    );
    peer.on('POST /oauth/token', async () => {
      await until(() => peer.requests.filter(({ path }) => path === '/api/shares').length >= 2);
      return ok(tokensOf(++serial));
    });
    const both = await Promise.all([
      runGateway(folder, ['shares', ...flags]),
      runGateway(folder, ['shares', ...flags]),
    ]);
    expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(peer.requests.filter(({ path }) => path === '/oauth/token')).toHaveLength(1);
  });
});
