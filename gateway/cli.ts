#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { jsonLines } from '../shared/log.ts';
import { systemClock, systemRandom } from '../shared/system-clock.ts';
import { acceptCommand } from './commands/accept.ts';
import { admitCommand } from './commands/admit.ts';
import type { Command } from './commands/command.ts';
import { connectCommand } from './commands/connect.ts';
import { consoleCommand } from './commands/console.ts';
import { disconnectCommand } from './commands/disconnect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { gatewaysCommand } from './commands/gateways.ts';
import { recordCommand } from './commands/record.ts';
import { runCommand } from './commands/run.ts';
import { shareCommand } from './commands/share.ts';
import { sharesCommand } from './commands/shares.ts';
import { statusCommand } from './commands/status.ts';
import { unshareCommand } from './commands/unshare.ts';
import { defaultConfigurationFile, readGatewayConfiguration } from './configuration.ts';
import { GatewayError, wordsOf, type GatewayErrorCode } from './gateway-error.ts';
import { composeGateway } from './gateway.ts';

const commands: Record<string, Command> = {
  connect: connectCommand,
  run: runCommand,
  status: statusCommand,
  record: recordCommand,
  share: shareCommand,
  shares: sharesCommand,
  unshare: unshareCommand,
  admit: admitCommand,
  accept: acceptCommand,
  gateways: gatewaysCommand,
  disconnect: disconnectCommand,
  console: consoleCommand,
  doctor: doctorCommand,
};

const help = `drawbridge-gateway COMMAND [--config FILE] [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`)
  .join('\n')}

  --config FILE    configuration, ./${defaultConfigurationFile} unless told
  --service URL, --upstream URL, --state FOLDER    instead of a configuration, or over it
  --json           the result as JSON, failures as {"error":{"code","message"}}
  --help           this, or the usage of a command

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not connected.`;

const exitCodes: Partial<Record<GatewayErrorCode, number>> = { usage: 2, config: 2, 'not-connected': 3 };

const print = (line: string) => void process.stdout.write(`${line}\n`);
const note = (line: string) => void process.stderr.write(`${line}\n`);

/** Name and version, as the approval page shows them. */
function application(): string {
  const find = (folder: string): string => {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        version: string;
      };
      return version;
    } catch {
      return dirname(folder) === folder ? '' : find(dirname(folder));
    }
  };
  return `drawbridge-gateway ${find(import.meta.dirname)}`.trim();
}

async function confirm(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(help);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    note(`There is no command ${name}.\n\n${help}`);
    return 2;
  }
  let parsed;
  try {
    parsed = parseArgs({
      args: rest,
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        service: { type: 'string' },
        upstream: { type: 'string' },
        state: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        ...command.options,
      },
    });
  } catch (error) {
    note(`${wordsOf(error)}\n\nUsage: ${command.usage}`);
    return 2;
  }
  const flags = parsed.values as Record<string, string | boolean | string[] | undefined>;
  if (flags.help === true) {
    print(`${command.usage}\n\n${command.summary}`);
    return 0;
  }
  const strange = parsed.positionals[command.mostWords ?? 0];
  if (strange !== undefined) {
    note(`What is ${strange} for?\n\nUsage: ${command.usage}`);
    return 2;
  }
  const flag = (key: string) => (typeof flags[key] === 'string' ? flags[key] : undefined);
  // eslint-disable-next-line no-restricted-properties -- the composition root of the gateway
  const environment = process.env;
  const { HTTPS_PROXY, NO_PROXY, https_proxy, no_proxy } = environment;
  const configuration = await readGatewayConfiguration({
    config: flag('config') ?? environment.DRAWBRIDGE_GATEWAY_CONFIG,
    service: flag('service'),
    upstream: flag('upstream'),
    state: flag('state'),
  });
  const gateway = await composeGateway(configuration, {
    clock: systemClock,
    random: systemRandom,
    log: jsonLines(note, () => new Date(systemClock.now()).toISOString()),
    proxyEnv: { HTTPS_PROXY, NO_PROXY, https_proxy, no_proxy },
    application: application(),
  });
  try {
    return await command.run({
      gateway,
      flags,
      words: parsed.positionals,
      json: flags.json === true,
      interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
      print,
      note,
      confirm,
    });
  } finally {
    gateway.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof GatewayError;
  if (process.argv.includes('--json')) {
    print(JSON.stringify({ error: { code: known ? error.code : 'unknown', message: wordsOf(error) } }));
  } else note(known || !(error instanceof Error) ? wordsOf(error) : (error.stack ?? error.message));
  process.exitCode = known ? (exitCodes[error.code] ?? 1) : 1;
}
// An IPC channel to the program that started this one must not keep it alive.
if (process.connected) process.disconnect();
