import { GatewayError } from '../gateway-error.ts';
import type { GatewaySummary } from '../service-client.ts';
import { text, type Command } from './command.ts';

const words = ({ id, name, state, self, seenAt, seenFrom, createdAt }: GatewaySummary): string =>
  [
    `${id}  ${state}  ${name}${self ? ' (this one)' : ''}`,
    `    connected ${createdAt}${seenAt === undefined ? '' : `, last seen ${seenAt} from ${seenFrom ?? '?'}`}`,
  ].join('\n');

const howToAdd = `To add a gateway on another machine:
  1. copy seal.key from the state folder of this gateway to that of the new one, over a way you trust;
  2. run \`connect\` there, and have an owner or admin approve it as one more gateway of this system;
  3. start \`run\` there.`;

export const gatewaysCommand: Command = {
  summary: 'lists the gateways of the system; removes one; says how to add one',
  usage: 'gateways [--remove ID] [--add] [--json]',
  options: { remove: { type: 'string' }, add: { type: 'boolean' } },
  async run(context) {
    const { gateway, flags, json, print } = context;
    if (flags.add === true) {
      print(howToAdd);
      return 0;
    }
    const id = text(context, 'remove');
    if (id !== undefined) {
      const known = (await gateway.service.gateways()).find((each) => each.id === id);
      if (!known) throw new GatewayError('not-found', `This system has no gateway ${id}.`);
      if (known.self) {
        throw new GatewayError('usage', 'To remove this gateway itself, use `disconnect --this-gateway`.');
      }
      await gateway.service.removeGateway(id);
      if (json) print(JSON.stringify({ id, state: 'removed' }));
      else print(`Removed ${known.name}. The system and its shares go on.`);
      return 0;
    }
    const gateways = await gateway.service.gateways();
    if (json) print(JSON.stringify({ gateways }, null, 2));
    else gateways.forEach((each) => print(words(each)));
    return 0;
  },
};
