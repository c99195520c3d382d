import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { decideConnect } from '../support/connect-decision.ts';

/** The life of a membership, each step as people do it in their browsers. The steps build on each other. */
describe('the life of a membership', () => {
  let runtime: Runtime;
  let olga: Person;
  let ann: Person;
  const page = '/organizations/plant';
  const accessOf = async (person: Person) => (await person.open(page)).status;

  /** The form of the second row: Olga's own comes first. */
  const changeRole = async (person: Person, email: string, role: string): Promise<Answer> =>
    person.submit(await person.open(page), '/members/role', { email, role });

  beforeAll(async () => {
    runtime = await Runtime.start();
    olga = new Person(runtime, 'olga@plant.example');
    ann = new Person(runtime, 'ann@partner.example');
    const asked = await send(`${runtime.origin}/oauth/device_authorization`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'client_id=drawbridge-gateway',
    });
    const { verification_uri_complete: link } = JSON.parse(asked.text) as {
      verification_uri_complete: string;
    };
    await decideConnect(olga, link, 'approve', 'plant');
  });
  afterAll(async () => expect(await runtime.stop()).toBe(0));

  it('begins with an invitation that holds no secret', async () => {
    const sent = await olga.submit(await olga.open(page), '/members/invite', {
      email: ann.email,
      role: 'member',
    });
    expect(sent.text).toContain('Valid until');
    const [mail] = await runtime.mails(ann.email);
    expect(mail?.text).toContain(`${runtime.origin}/join/plant`);
  });

  it('is opened by nobody else, and not by looking', async () => {
    const eve = new Person(runtime, 'eve@evil.example');
    const refused = await eve.signIn('/join/plant');
    expect([refused.status, refused.text]).toEqual([
      404,
      expect.stringContaining('No invitation for you here'),
    ]);
    const asked = await ann.signIn('/join/plant');
    expect(asked.text).toContain('Join plant Ltd?');
    expect(await accessOf(ann)).toBe(404);
  });

  it('starts when the invited person confirms, with the rights of the role', async () => {
    const joined = await ann.submit(await ann.open('/join/plant'), '/join/plant', { decision: 'join' });
    expect([joined.status, new URL(joined.url).pathname]).toEqual([200, page]);
    expect(joined.text).not.toContain('Invite a member');
    expect((await ann.open(`${page}/audit`)).status).toBe(403);
  });

  it('changes at once in the browser that is signed in', async () => {
    await changeRole(olga, ann.email, 'admin');
    expect((await ann.open(`${page}/audit`)).text).toContain('organization.member-joined');
    await changeRole(olga, ann.email, 'owner');
    const demoted = await changeRole(ann, olga.email, 'member');
    expect(demoted.status).toBe(200);
    expect((await olga.open(page)).text).not.toContain('Invite a member');
  });

  it('leaves no organization without an owner', async () => {
    const refused = await changeRole(ann, ann.email, 'member');
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('always has an owner')]);
    const stays = await ann.submit(await ann.open(`${page}/leave`), '/leave', {});
    expect([stays.status, stays.text]).toEqual([409, expect.stringContaining('always has an owner')]);
  });

  it('ends by removal, which is asked once more, and by leaving', async () => {
    const gus = new Person(runtime, 'gus@partner.example');
    await ann.submit(await ann.open(page), '/members/invite', { email: gus.email, role: 'admin' });
    await gus.signIn();
    await gus.submit(await gus.open('/join/plant'), '/join/plant', { decision: 'join' });
    const asked = await ann.submit(await ann.open(page), '/members/remove', { email: gus.email });
    expect([await accessOf(gus), asked.text]).toEqual([200, expect.stringContaining(`Remove ${gus.email}?`)]);
    await ann.submit(asked, '/members/remove', {});
    expect(await accessOf(gus)).toBe(404);

    await olga.submit(await olga.open(`${page}/leave`), '/leave', {});
    expect(await accessOf(olga)).toBe(404);
  });

  it('is over for all when the organization is deleted, by its typed name and without systems only', async () => {
    const before = await ann.open(page);
    expect(before.text).toContain('Disconnect its systems first.');
    const system = /\/systems\/[\w-]+/.exec(before.text)?.[0] ?? '';
    await ann.submit(await ann.open(system), '/disconnect', { confirm: 'Monitoring plant' });
    const wrong = await ann.submit(await ann.open(page), '/delete', { confirm: 'plant' });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('This is not the name')]);
    await ann.submit(wrong, '/delete', { confirm: 'plant Ltd' });
    expect(await accessOf(ann)).toBe(404);
    expect((await ann.open('/')).text).not.toContain('plant Ltd');
  });
});
