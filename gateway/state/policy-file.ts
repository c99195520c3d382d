import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { policySchema, type Policy } from '../../shared/policies/policy.ts';
import { writeAtomically } from './atomic-file.ts';

const schema = z.object({ systemId: z.string(), policy: policySchema });
const fileOf = (stateDir: string) => join(stateDir, 'policy.json');

/** What the organization of a system allows, as this gateway was told last; everything, when it was told nothing. */
export async function readPolicy(stateDir: string, systemId: string): Promise<Policy> {
  try {
    const known = schema.parse(JSON.parse(await readFile(fileOf(stateDir), 'utf8')));
    return known.systemId === systemId ? known.policy : {};
  } catch {
    return {};
  }
}

export const writePolicy = (stateDir: string, systemId: string, policy: Policy): Promise<void> =>
  writeAtomically(fileOf(stateDir), JSON.stringify({ systemId, policy }));
