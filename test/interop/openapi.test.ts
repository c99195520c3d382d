import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Person, send } from '../../local/rehearsal/person.ts';
import { programEnvironment, Runtime } from '../../local/rehearsal/runtime.ts';
import { brokenTokens } from '../support/broken-tokens.ts';
import { tokensByDeviceGrant } from '../support/device-grant.ts';
import { shareWish } from '../support/services.ts';
import { makePythonEnvironment } from './oauth-programs.ts';

/** Package downloads on a slow line. */
const setUp = 600_000;

const folder = join(__dirname, 'schemathesis');

/** The same again: `npm run test:interop -- openapi --seed=NUMBER`. */
const seed = Math.abs(jest.getSeed());

// A busy machine takes its time; a run that finds nothing takes under a minute by itself.
jest.setTimeout(300_000);

/** Operations after which the token of the caller is dead. */
const ending = ['disconnectSystem', 'removeGateway'];

/** Schemathesis reads `/openapi.json` and tries to find a request whose answer it does not describe. */
describe(`the description of the API, fuzzed (--seed=${seed})`, () => {
  let schemathesis: string;
  let runtime: Runtime;
  let accessToken: string;
  let olga: Person;
  let description: string;

  /** @throws Error with the report when anything was found */
  async function fuzz(args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const reports = await mkdtemp(join(tmpdir(), 'drawbridge-fuzz-'));
    const all = [
      '--config-file',
      join(folder, 'settings.toml'),
      ...['run', description, '--url', runtime.origin],
      ...['--max-redirects', '0', '--request-timeout', '30', '--seed', String(seed)],
      ...['--generation-database', 'none', '--no-color', '--warnings', 'off'],
      ...args,
    ];
    return new Promise((done, reject) => {
      const env = programEnvironment({
        PYTHONPATH: folder,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONDONTWRITEBYTECODE: '1',
        ...environment,
      });
      execFile(schemathesis, all, { cwd: reports, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
        void rm(reports, { recursive: true, force: true });
        if (error === null) done(stdout);
        else reject(new Error(`schemathesis ${args.join(' ')}\n${stdout}${stderr}`));
      });
    });
  }

  beforeAll(async () => {
    schemathesis = join(dirname(await makePythonEnvironment('schemathesis')), 'st');
    runtime = await Runtime.start();
    olga = new Person(runtime, 'olga@plant.example');
    description = join(runtime.dataDir, 'openapi.json');
    await writeFile(description, (await send(`${runtime.origin}/openapi.json`)).text);
    accessToken = (await tokensByDeviceGrant(runtime, olga, 'plant')).access_token;
  }, setUp);

  afterAll(async () => {
    await runtime.stop();
  });

  const asSystem = (path: string, token = accessToken) =>
    send(`${runtime.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });

  const quick = ['--phases', 'coverage,fuzzing', '--max-examples', '5'];

  it('holds for a stranger', async () => {
    await fuzz([...quick, '--exclude-tag', 'share-origin']);
  });

  it('holds for tokens that are expired, garbled, signed by another or not at all, and they open nothing', async () => {
    const tokens = await brokenTokens(runtime, accessToken);
    await fuzz([...quick, '--include-tag', 'shares', '--include-tag', 'system'], {
      BROKEN_TOKENS: JSON.stringify(tokens),
    });
  });

  it('holds for a system, alone and in sequences', async () => {
    const bearer = ['--header', `Authorization: Bearer ${accessToken}`];
    const own = ['--include-tag', 'shares', '--include-tag', 'system'];
    const others = ending.flatMap((operation) => ['--exclude-operation-id', operation]);
    await fuzz([
      ...bearer,
      ...own,
      ...others,
      '--phases',
      'coverage,fuzzing,stateful',
      '--max-examples',
      '10',
    ]);
    // A caller whom the service does not know would have found nothing either.
    const { shares } = JSON.parse((await asSystem('/api/shares')).text) as { shares?: unknown[] };
    expect(shares?.length).toBeGreaterThan(0);
  });

  it('holds for someone who is signed in to the portal', async () => {
    const cookies = [...olga.cookies(new URL(runtime.origin).host)];
    const cookie = cookies.map(([name, value]) => `${name}=${value}`).join('; ');
    const { id } = JSON.parse((await asSystem('/api/system')).text) as { id: string };
    // The check of what is wrong leaves the cookie out, and then it is sent all the same.
    const signedIn = ['--header', `Cookie: ${cookie}`, '--exclude-checks', 'negative_data_rejection'];
    await fuzz([...quick, ...signedIn, '--include-tag', 'portal'], {
      PRESENT: JSON.stringify({ systemId: id, slug: 'plant' }),
    });
  });

  it('holds on the origin of a share', async () => {
    const made = await send(`${runtime.origin}/api/shares`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(shareWish('ann@guest.example')),
    });
    const { host } = new URL((JSON.parse(made.text) as { url: string }).url);
    await fuzz([...quick, '--header', `Host: ${host}`, '--include-tag', 'share-origin']);
  });

  it.each(ending)('holds for a gateway that ends its own access: %s', async (operation) => {
    const { access_token: token } = await tokensByDeviceGrant(runtime, olga, operation.toLowerCase());
    expect((await asSystem('/api/system', token)).status).toBe(200);
    await fuzz(
      [
        ...['--header', `Authorization: Bearer ${token}`, '--include-operation-id', operation],
        ...['--phases', 'fuzzing', '--max-examples', '1', '--mode', 'positive'],
      ],
      { PRESENT: JSON.stringify({ gatewayId: 'self' }) },
    );
    expect((await asSystem('/api/system', token)).status).toBe(401);
  });
});
