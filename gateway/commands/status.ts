import { askRunningGateway } from '../console/console-client.ts';
import { advice } from '../advice.ts';
import { readGatewayStatus, type GatewayStatus, type Reach } from '../gateway-status.ts';
import type { Gateway } from '../gateway.ts';
import { readLastSeen } from '../state/last-seen.ts';
import type { Command } from './command.ts';

const reachWords: Record<Reach['state'], string> = {
  connected: 'Reachable: dashboards can be opened.',
  'system-unreachable': 'System unreachable: the tunnel stands, but the application does not answer.',
  'no-tunnel': 'No tunnel: dashboards cannot be opened.',
  unknown: 'State unknown: this gateway runs, but does not answer.',
};

/** Of a gateway that does not answer for itself. */
async function silentReach({ configuration, locks }: Gateway): Promise<Reach> {
  const held = await locks.tryHold('run');
  held?.release();
  const lastSeenAt = await readLastSeen(configuration.stateDir);
  return { state: held ? 'no-tunnel' : 'unknown', ...(lastSeenAt !== undefined && { lastSeenAt }) };
}

async function statusFromDisk(gateway: Gateway): Promise<GatewayStatus> {
  const status = await readGatewayStatus(gateway);
  return status.state === 'connected' ? { ...status, reach: await silentReach(gateway) } : status;
}

function words(status: GatewayStatus, running: boolean): string[] {
  const lines: string[] = [];
  if (status.state === 'connected') {
    lines.push(
      `Connected to ${status.service} as ${status.system?.name ?? '?'} of ${status.organization?.name ?? '?'}.`,
    );
    if (status.problem !== undefined) lines.push(status.problem);
  } else if (status.state !== 'pending' || status.problem !== undefined) {
    lines.push(status.problem ?? advice(undefined));
  }
  if (status.pending) {
    lines.push(
      `Waiting for approval of code ${status.pending.userCode} at ${status.pending.verificationUriComplete}`,
    );
  }
  if (status.reach) {
    const { state, lastSeenAt } = status.reach;
    lines.push(`${reachWords[state]}${lastSeenAt === undefined ? '' : ` Last seen ${lastSeenAt}.`}`);
  }
  if (!running) lines.push('The gateway does not run: start it with `run`.');
  else if (status.tunnel) {
    const { kind, since, lastError } = status.tunnel;
    lines.push(`Tunnel: ${kind} since ${since}${lastError === undefined ? '' : ` (${lastError})`}`);
  }
  for (const { recipient, shareId } of status.watchers)
    lines.push(`Watching now: ${recipient} (share ${shareId})`);
  return lines;
}

export const statusCommand: Command = {
  summary: 'says whether it is connected, to whom, and how the tunnel is',
  usage: 'status [--json]',
  options: {},
  async run({ gateway, json, print }) {
    const running = await askRunningGateway(gateway.configuration.stateDir, gateway.http, gateway.random);
    const status = running ?? (await statusFromDisk(gateway));
    if (json) print(JSON.stringify({ ...status, running: running !== undefined }, null, 2));
    else words(status, running !== undefined).forEach(print);
    return status.state === 'connected' ? 0 : 3;
  },
};
