import { setTimeout } from 'node:timers/promises';
import { Runtime } from '../../../local/rehearsal/runtime.ts';
import { seededRandom } from '../seeded-random.ts';
import { GatewayClient, type Keys } from './gateway-client.ts';
import { Broken, Tally, totalOf } from './outcome.ts';
import { PeopleOfTheDay } from './people-of-the-day.ts';
import { SharesOfTheDay } from './shares-of-the-day.ts';
import { brokenInvariants } from './stored-invariants.ts';
import { Visitor } from './visitor.ts';

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly unanswered: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

const organization = { slug: 'plant', name: 'Plant Ltd' };

/** Connects a system by the device grant; the keys are acknowledged then. */
async function connect(runtime: Runtime, gateway: GatewayClient, owner: Visitor): Promise<void> {
  const grant = JSON.parse((await gateway.oauth('/oauth/device_authorization', {})).text) as Record<
    string,
    string
  >;
  const page = await owner.finishSignIn(await owner.open(grant['verification_uri_complete'] ?? ''));
  await owner.submit(page, '/connect/decide', {
    organization: 'new',
    organizationName: organization.name,
    organizationSlug: organization.slug,
    systemName: 'North',
    systemSlug: 'north',
    terms: 'accepted',
    decision: 'approve',
  });
  const answer = await gateway.oauth('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: grant['device_code'] ?? '',
  });
  if (answer.status !== 200) throw new Broken(`not connected at ${runtime.origin}: ${answer.text}`);
  gateway.keys = JSON.parse(answer.text) as Keys;
}

/**
 * A day of work over HTTP, with the whole service killed (SIGKILL) at random moments of it and started again:
 * what was acknowledged is there, and what got no answer is wholly there or not at all.
 */
export async function simulateKills({ kills, seed }: { kills: number; seed: number }): Promise<CrashReport> {
  const random = seededRandom(seed);
  const tally = new Tally();
  const runtime = await Runtime.start();
  try {
    const gateway = new GatewayClient(runtime);
    const owner = new Visitor(runtime, 'olga@plant.example', 1);
    await connect(runtime, gateway, owner);
    const shares = [random, seededRandom(seed + 1)].map((each) => new SharesOfTheDay(gateway, each, tally));
    const people = new PeopleOfTheDay(runtime, owner, organization, seededRandom(seed + 2), tally);
    const renewing = { step: () => tally.count('renew', () => gateway.renew()).then(() => setTimeout(20)) };

    for (let kill = 1; kill <= kills; kill++) {
      let over = false;
      const work = [...shares, people, renewing].map(async (each) => {
        while (!over && tally.failures.length === 0) await each.step();
      });
      // Now and then long enough for what takes several steps, such as choosing a password.
      await setTimeout(30 + random.below(random.chance(0.25) ? 2500 : 500));
      over = true;
      await runtime.kill();
      await Promise.all(work);
      const acknowledged = new Set(shares.flatMap(({ known }) => [...known.keys()]));
      tally.failures.push(...(await brokenInvariants(runtime.dataDir, acknowledged)));
      await runtime.restart();
      await gateway.renew();
      for (const each of [...shares, people]) await each.recover();
      if (tally.failures.length > 0) throw new Broken(`after kill ${kill}`);
    }
  } catch (error) {
    tally.fail('in the end', error);
  } finally {
    await runtime.kill();
    await runtime.stop();
  }
  const { acknowledged, unanswered, failures } = tally;
  return { kills, acknowledged, unanswered, failures };
}

const listOf = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${name} ${count}`).join(', ');

/** `npm run simulate -- crashes`: whether nothing acknowledged was lost and every invariant held. */
export async function simulateCrashes(
  options: { kills: number; seed: number },
  print: (line: string) => void,
): Promise<boolean> {
  const report = await simulateKills(options);
  print(`  ${report.kills} kills; requests acknowledged: ${totalOf(report.acknowledged)}`);
  print(`    ${listOf(report.acknowledged)}`);
  print(`  cut off, with nobody knowing whether they took effect: ${totalOf(report.unanswered)}`);
  print(`    ${listOf(report.unanswered)}`);
  for (const failure of report.failures) print(`  FAILED ${failure}`);
  return report.failures.length === 0;
}
