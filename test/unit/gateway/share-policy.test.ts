import { readPolicy, writePolicy } from '../../../gateway/state/policy-file.ts';
import { requireAllowed } from '../../../gateway/shares/share-policy.ts';
import type { Policy } from '../../../shared/policies/policy.ts';
import { day } from '../../../shared/clock.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

const now = Date.UTC(2026, 5, 1);
const wish = { recipients: ['ann@partner.example'], sharedBy: 'Olga' };

afterEach(removeFolders);

describe('the policy at the gateway', () => {
  it.each<[string, Policy, object]>([
    ['a foreign recipient', { emailDomains: ['other.example'] }, {}],
    [
      'a share that lasts too long',
      { longestShareDays: 7 },
      { expiresAt: new Date(now + 8 * day).toISOString() },
    ],
    ['a sharer who may not', { sharers: ['Eve'] }, {}],
  ])('refuses %s before anything is made', (_, policy, changes) => {
    expect(() => requireAllowed(policy, { ...wish, ...changes }, now)).toThrow(/policy of the organization/);
  });

  it('lets through what fits, also without an end, which the service sets', () => {
    const policy = { emailDomains: ['partner.example'], longestShareDays: 7, sharers: ['Olga'] };
    expect(() => requireAllowed(policy, wish, now)).not.toThrow();
  });

  it('keeps what it was told of its own system, and forgets it with another', async () => {
    const folder = await temporaryFolder();
    expect(await readPolicy(folder, 'sys-1')).toEqual({});
    await writePolicy(folder, 'sys-1', { longestShareDays: 7 });
    expect(await readPolicy(folder, 'sys-1')).toEqual({ longestShareDays: 7 });
    expect(await readPolicy(folder, 'sys-2')).toEqual({});
  });
});
