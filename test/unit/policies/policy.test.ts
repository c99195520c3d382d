import fc from 'fast-check';
import { day, instant } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { policyFaults, readDomain, type Judged, type Policy } from '../../../shared/policies/policy.ts';
import { policyFields, readPolicyFields } from '../../../shared/policies/policy-form.ts';

const createdAt = instant(Date.UTC(2026, 5, 1));
const share: Judged = {
  recipients: [emailAddress('ann@partner.example')],
  createdAt,
  expiresAt: instant(Date.parse(createdAt) + 30 * day),
  sharedBy: 'Olga',
};
const faulty = (policy: Policy, changes: Partial<Judged> = {}) =>
  policyFaults(policy, { ...share, ...changes }).map(({ field }) => field);

describe('what a policy allows', () => {
  it.each<[string, Policy, Partial<Judged>, string[]]>([
    ['everything without a policy', {}, { expiresAt: undefined }, []],
    ['a recipient of a named domain', { emailDomains: ['partner.example'] }, {}, []],
    ['no recipient of another', { emailDomains: ['other.example'] }, {}, ['recipients']],
    [
      'no recipient below a named domain',
      { emailDomains: ['example.org'] },
      { recipients: [emailAddress('a@b.example.org')] },
      ['recipients'],
    ],
    [
      'a recipient below a starred one',
      { emailDomains: ['*.example.org'] },
      { recipients: [emailAddress('a@b.c.example.org')] },
      [],
    ],
    [
      'not the starred one itself',
      { emailDomains: ['*.example.org'] },
      { recipients: [emailAddress('a@example.org')] },
      ['recipients'],
    ],
    [
      'no name that only ends like it',
      { emailDomains: ['*.example.org'] },
      { recipients: [emailAddress('a@evilexample.org')] },
      ['recipients'],
    ],
    [
      'no name that only ends like a named one',
      { emailDomains: ['partner.example'] },
      { recipients: [emailAddress('a@evil-partner.example')] },
      ['recipients'],
    ],
    ['a share as long as allowed', { longestShareDays: 30 }, {}, []],
    [
      'none a moment longer',
      { longestShareDays: 30 },
      { expiresAt: instant(Date.parse(createdAt) + 30 * day + 1) },
      ['expiresAt'],
    ],
    ['none without an end', { longestShareDays: 30 }, { expiresAt: undefined }, ['expiresAt']],
    ['a named sharer', { sharers: ['Olga'] }, {}, []],
    ['no other, not even in other letters', { sharers: ['olga'] }, {}, ['sharedBy']],
    [
      'nothing of it all',
      { sharers: ['Eve'], longestShareDays: 1, emailDomains: ['x.example'] },
      {},
      ['recipients', 'expiresAt', 'sharedBy'],
    ],
  ])('%s', (_, policy, changes, fields) => {
    expect(faulty(policy, changes)).toEqual(fields);
  });
});

describe('the form of a policy', () => {
  it.each([
    ['Partner.Example', 'partner.example'],
    ['@partner.example', 'partner.example'],
    ['*.Plant.example', '*.plant.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['example', undefined],
    ['*', undefined],
    ['*.*.example.org', undefined],
    ['partner.example/x', undefined],
    ['10.0.0.1', undefined],
  ])('reads %s as %s', (typed, domain) => {
    expect(readDomain(typed)).toBe(domain);
  });

  it.each([
    [{ emailDomains: 'partner.example, nonsense' }, 'emailDomains'],
    [{ longestShareDays: '0' }, 'longestShareDays'],
    [{ longestShareDays: '3651' }, 'longestShareDays'],
    [{ longestShareDays: '-1' }, 'longestShareDays'],
    [{ longestShareDays: '1.5' }, 'longestShareDays'],
    [{ longestShareDays: '1e2' }, 'longestShareDays'],
    [{ sharers: 'x'.repeat(101) }, 'sharers'],
    [{ pollingLeast: '9' }, 'pollingLeast'],
    [{ pollingMost: '3601' }, 'pollingMost'],
    [{ pollingLeast: '100', pollingMost: '50' }, 'pollingMost'],
  ])('refuses %j at %s', (fields, name) => {
    expect(Object.keys(readPolicyFields(fields).errors)).toEqual([name]);
  });

  it('reads what it shows', () => {
    const policies: fc.Arbitrary<Policy> = fc.record(
      {
        emailDomains: fc.uniqueArray(fc.constantFrom('a.example', '*.b.example', 'xn--bcher-kva.example'), {
          minLength: 1,
        }),
        longestShareDays: fc.integer({ min: 1, max: 3650 }),
        sharers: fc.uniqueArray(fc.constantFrom('Olga', 'Eve Marsh', 'plant\\operator'), { minLength: 1 }),
        polling: fc
          .tuple(fc.integer({ min: 10, max: 3600 }), fc.integer({ min: 10, max: 3600 }))
          .map(([a, b]) => ({ least: Math.min(a, b), most: Math.max(a, b) })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(policies, (policy) => {
        expect(readPolicyFields(policyFields(policy))).toEqual({ policy, errors: {} });
      }),
    );
  });
});
