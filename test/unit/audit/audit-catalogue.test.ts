import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditActions, type AuditAction } from '../../../shared/audit/audit-actions.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { serviceAudit } from '../../../shared/audit/audit-log.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { packageRoot } from '../../../shared/package-root.ts';
import { TestServices } from '../../support/services.ts';
import { auditProofs, makeStage } from './audit-proofs.ts';

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

it('has a proof for every action of the catalogue, and for no other', () => {
  expect(Object.keys(auditProofs).sort()).toEqual([...auditActions].sort());
});

it.each(auditActions)('%s comes about, and says who did what', async (action) => {
  const proof = auditProofs[action];
  if ('provedIn' in proof) {
    expect(readFileSync(join(packageRoot, proof.provedIn), 'utf8')).toContain(`'${action}'`);
    return;
  }
  const stage = await makeStage(test);
  const { chain = serviceAudit, actor, subject, goesOn, act } = await proof(stage);
  test = goesOn ?? test;
  const entries = async () => {
    const found: AuditEntry[] = [];
    for await (const entry of test.services.audit.all(chain)) found.push(entry);
    return found;
  };
  const told = async () => (await entries()).filter((entry) => entry.action === action);
  const before = (await told()).length;
  await act();
  const after = await told();
  expect(after).toHaveLength(before + 1);
  expect(after.at(-1)?.actor).toMatchObject(actor);
  expect(after.at(-1)?.subject?.kind).toBe(subject);
  expect(verifyChain(await entries())).toMatchObject({ sound: true });
});

it('an organization and its system come about together', async () => {
  const olga = await test.account('olga@plant.example');
  const { system } = await test.connect(olga);
  const { items } = await test.services.audit.list(system.organizationId, { limit: 10 });
  const born: AuditAction[] = ['system.connected', 'organization.created'];
  expect(items.map(({ action }) => action)).toEqual(born);
  for (const { actor } of items) expect(actor).toMatchObject({ kind: 'account', id: olga.id });
});
