import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { choices, deploy, folder } from '../bicep/deployment.ts';
import { resolvedBicep } from '../bicep/resolved.ts';
import { makePythonEnvironment } from './oauth-programs.ts';

/** Package downloads on a slow line. */
const setUp = 600_000;
jest.setTimeout(300_000);

const reportSchema = z.object({
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), resource: z.string() })),
  }),
  summary: z.object({ passed: z.number(), parsing_errors: z.number(), checkov_version: z.string() }),
});

let python: string;
beforeAll(async () => (python = await makePythonEnvironment('checkov')), setUp);

/** With what bicep/.checkov.yaml says. */
async function scan(directory: string) {
  const args = ['-d', directory, '--config-file', join(folder, '.checkov.yaml'), '--output', 'json'];
  const output = await new Promise<string>((done) => {
    execFile(join(dirname(python), 'checkov'), args, { maxBuffer: 1e8 }, (_, stdout) => done(stdout));
  });
  const { results, summary } = reportSchema.parse(JSON.parse(output));
  return {
    findings: results.failed_checks.map(({ check_id: check, resource }) => `${check} ${resource}`),
    passed: summary.passed,
    parsingErrors: summary.parsing_errors,
  };
}

/** The deployment that a choice resolves to, scanned. */
async function scanResolved(name: string) {
  const choice = choices[name];
  if (!choice) throw new Error(name);
  const directory = await mkdtemp(join(tmpdir(), 'drawbridge-checkov-'));
  try {
    await writeFile(join(directory, 'resolved.bicep'), resolvedBicep((await deploy(choice)).resources));
    return await scan(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('Checkov finds nothing in', () => {
  it('the templates, each of which it can read', async () => {
    const { findings, passed, parsingErrors } = await scan(folder);
    expect({ findings, parsingErrors }).toEqual({ findings: [], parsingErrors: 0 });
    expect(passed).toBeGreaterThan(30);
  });

  it('what production deploys, its parameters resolved', async () => {
    const { findings, passed, parsingErrors } = await scanResolved('production');
    expect({ findings, parsingErrors }).toEqual({ findings: [], parsingErrors: 0 });
    expect(passed).toBeGreaterThan(30);
  });

  it('what development deploys, but that it has a public network and a free tier', async () => {
    const { findings, passed, parsingErrors } = await scanResolved('development');
    // Every one of these stores asks Entra ID for an identity that has a role, whatever the network.
    const publicNetwork = ['CKV_AZURE_101', 'CKV_AZURE_109', 'CKV_AZURE_189', 'CKV_AZURE_35', 'CKV_AZURE_59'];
    const freeTier = ['CKV_AZURE_175'];
    const checks = new Set(findings.map((finding) => finding.split(' ')[0]));
    expect([...checks].sort()).toEqual([...publicNetwork, ...freeTier].sort());
    expect(parsingErrors).toBe(0);
    expect(passed).toBeGreaterThan(25);
  });
});

it('Checkov does find what is weaker', async () => {
  const { findings } = await scanResolved('production, public network');
  expect(findings).toEqual(expect.arrayContaining([expect.stringMatching(/^CKV_AZURE_101 /)]));
});
