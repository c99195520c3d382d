import { admitCall } from '../../shared/allowlist/admit-call.ts';
import { describeRule } from '../../shared/allowlist/describe.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { RefusedCallAtService } from '../service-client.ts';
import { agreed } from './agreement.ts';
import type { Command } from './command.ts';

const requestOf = ({ method, target, contentType, body }: RefusedCallAtService) => ({
  method,
  target,
  contentType,
  body: body === undefined ? undefined : Buffer.from(body, 'utf8'),
});

/** The owner's one action: a call that was refused is let through from now on, here and in the service. */
export const admitCommand: Command = {
  summary: 'lets a refused call through; `shares --refused ID` lists them',
  usage: 'admit ID CALL [--yes] [--json]',
  mostWords: 2,
  options: { yes: { type: 'boolean', short: 'y' } },
  async run(context) {
    const { gateway, words, json, print, note } = context;
    const [id, callId] = words;
    if (id === undefined || callId === undefined) {
      throw new GatewayError('usage', 'Name the share and the refused call: admit ID CALL');
    }
    const record = await gateway.shares.record(id);
    if (await gateway.shares.offered(id)) {
      throw new GatewayError('usage', `A change made in the portal waits here. First: accept ${id}`);
    }
    const call = (await gateway.service.refusals(id)).find((each) => each.id === callId);
    if (!call) throw new GatewayError('not-found', `Share ${id} has no refused call ${callId}.`);
    if (!call.admissible) throw new GatewayError('usage', 'This call cannot be admitted.');
    const { allowlist, rule, warnings } = readAdmission(() =>
      admitCall(record.allowlist, requestOf(call), Date.parse(call.lastAt)),
    );
    if (!rule) {
      print(json ? JSON.stringify({ id, admitted: false }) : 'It is admitted already.');
      return 0;
    }
    note(`Viewers of "${record.dashboard.title}" may then make this call, whenever they like:`);
    note(`  ${describeRule(rule)}`);
    for (const warning of warnings) note(`  ! ${warning.text} (${warning.slot})`);
    if (rule.method !== 'GET' && rule.method !== 'HEAD')
      note(`  ! ${rule.method} may change something in the application`);
    if (!(await agreed(context, 'Admit it?'))) return 1;
    await gateway.shares.change(id, { allowlist });
    print(json ? JSON.stringify({ id, admitted: true, rule }) : 'Admitted.');
    return 0;
  },
};

function readAdmission<T>(admission: () => T): T {
  try {
    return admission();
  } catch (error) {
    throw new GatewayError('usage', `This call cannot be admitted: ${wordsOf(error)}`);
  }
}
