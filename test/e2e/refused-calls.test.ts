import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';

interface Refused {
  readonly calls: readonly { readonly id: string; readonly by: string; readonly target: string }[];
}
interface Review {
  readonly shares: readonly { readonly lines: readonly string[]; readonly accepted: boolean }[];
}

/** A dashboard that changes, and an owner who decides; the steps build on each other. */
describe('calls that a share refuses', () => {
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let owner: Person;
  let ann: Person;
  let share: { id: string; url: string };
  let systemId: string;

  const get = async (path: string) => (await ann.send(new URL(path, share.url).href)).status;
  const value = async (body: unknown) =>
    (
      await ann.send(new URL('/api/value', share.url).href, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(share.url).origin },
        body: JSON.stringify(body),
      })
    ).status;
  const refusedPage = () => owner.open(`/systems/${systemId}/shares/${share.id}/refused`);
  const audit = (action: string) => owner.open(`/organizations/plant/audit?action=${action}`);
  const refused = async () => {
    const result = await gateway.cli('shares', '--refused', share.id, '--json');
    return (JSON.parse(result.stdout) as Refused).calls;
  };

  async function dashboardWith(calls: readonly unknown[], ...flags: string[]) {
    const file = join(runtime.dataDir, 'calls.json');
    await writeFile(file, JSON.stringify(calls));
    const names = ['--dashboard', 'north', '--title', 'North', '--path', '/dashboards/north'];
    return gateway.cli('share', ...names, '--calls', file, '--json', ...flags);
  }

  beforeAll(async () => {
    runtime = await Runtime.start();
    application = await startOnPremApplication();
    gateway = await Gateway.at(runtime, application.origin);
    owner = new Person(runtime, 'olga@plant.example');
    ann = new Person(runtime, 'ann@guest.example');
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'north',
    });
    await gateway.run();
    const made = await dashboardWith(northCalls, '--to', 'ann@guest.example', '--yes');
    share = JSON.parse(made.stdout) as typeof share;
    await ann.finishSignIn(await ann.open(`/invitations/${share.id}`));
    systemId = /\/systems\/(sys-[a-z0-9]+)/.exec((await owner.open('/')).text)?.[1] ?? '';
  });

  afterAll(async () => {
    await gateway.stop();
    await application.close();
    await runtime.stop();
  });

  it('explain themselves to the owner, and not to the viewer', async () => {
    expect(await value({ elementId: 102 })).toBe(403);
    const page = await refusedPage();
    expect(page.status).toBe(200);
    expect(page.text).toContain('/api/value');
    expect(page.text).toContain('elementId');
    expect(page.text).toContain('Admit this call');
    expect((await ann.open(`/systems/${systemId}/shares/${share.id}/refused`)).status).toBe(404);
  });

  it('are admitted in the portal after it showed exactly what; the gateway still refuses', async () => {
    const [call] = await refused();
    const confirm = await owner.submit(await refusedPage(), `/refused/${call?.id}`, {});
    expect(confirm.text).toContain('POST /api/value with the JSON {elementId: 102}');
    const after = await owner.submit(confirm, `/refused/${call?.id}`, {});
    expect(after.text).toContain(`drawbridge-gateway accept ${share.id}`);
    expect((await audit('request.admitted')).text).toContain('olga@plant.example');

    const before = application.seen.length;
    expect(await value({ elementId: 102 })).toBe(403);
    expect(application.seen.length).toBe(before);
    expect(await refused()).toMatchObject([{ by: 'gateway', target: '/api/value' }]);
    expect((await refusedPage()).text).toContain('Refused by the gateway');
  });

  it('pass once somebody on the on-prem side accepts, and no sooner', async () => {
    const unasked = await gateway.cli('accept', share.id);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('+ POST /api/value')]);
    expect(await value({ elementId: 102 })).toBe(403);
    expect((await gateway.cli('shares')).stdout).toContain(`accept ${share.id}`);
    expect((await gateway.cli('accept', share.id, '--yes')).stdout).toContain('Accepted.');
    expect(await value({ elementId: 102 })).toBe(200);
    expect(await value({ elementId: 103 })).toBe(403);
    expect((await refusedPage()).text).not.toContain('drawbridge-gateway accept');
    expect((await gateway.cli('accept', share.id)).stdout).toContain('Nothing waits here.');
  });

  it('are admitted by the command line in one step', async () => {
    const [call] = await refused();
    const unasked = await gateway.cli('admit', share.id, call?.id ?? '');
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('{elementId: 103}')]);
    expect(await value({ elementId: 103 })).toBe(403);
    expect((await gateway.cli('admit', share.id, call?.id ?? '', '--yes')).stdout).toContain('Admitted.');
    expect(await value({ elementId: 103 })).toBe(200);
    expect(await refused()).toEqual([]);
    expect((await gateway.cli('admit', share.id, 'cunknown', '--yes')).code).toBe(1);
  });

  it('stay refused when the on-prem side declines', async () => {
    expect(await value({ elementId: 104 })).toBe(403);
    const [call] = await refused();
    const confirm = await owner.submit(await refusedPage(), `/refused/${call?.id}`, {});
    await owner.submit(confirm, `/refused/${call?.id}`, {});
    expect((await gateway.cli('accept', share.id, '--decline')).stdout).toContain('Declined.');
    expect(await value({ elementId: 104 })).toBe(403);
    expect((await refusedPage()).text).not.toContain('drawbridge-gateway accept');
  });

  it('show as the difference when a changed dashboard is opened for sharing again; the old list stays until then', async () => {
    const changed = [...northCalls.slice(0, -1), { path: '/dashboards/north', query: { view: 'map' } }];
    const shown = JSON.parse((await dashboardWith(changed)).stdout) as Review;
    expect(shown.shares).toMatchObject([{ accepted: false }]);
    expect(shown.shares[0]?.lines).toContain('- POST /api/value with the JSON {elementId: 103}');
    expect(shown.shares[0]?.lines.join('\n')).toContain('view = “map”');
    expect(await get('/dashboards/north?view=map')).toBe(403);
    expect(await value({ elementId: 103 })).toBe(200);

    const accepted = JSON.parse((await dashboardWith(changed, '--accept-changes')).stdout) as Review;
    expect(accepted.shares).toMatchObject([{ accepted: true }]);
    // The small application has no such view, and says so itself.
    expect(await get('/dashboards/north?view=map')).toBe(404);
    expect(application.seen).toContain('GET /dashboards/north?view=map');
    expect(await value({ elementId: 103 })).toBe(403);
    expect((await audit('share.updated')).text).toContain('view = “map”');

    const same = JSON.parse((await dashboardWith(changed)).stdout) as Review;
    expect(same.shares).toMatchObject([{ lines: [], accepted: false }]);
  });
});
