import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { AzureKeyCredential, WebPubSubServiceClient } from '@azure/web-pubsub';
import { WebPubSubClient, WebPubSubJsonProtocol } from '@azure/web-pubsub-client';
import { createWakeUpChannel, type WakeUpChannelOptions } from '../../../gateway/wake-up/wake-up-channel.ts';
import { outwardAgents } from '../../../gateway/outward-agents.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { startWakeUpHub } from '../../../local/wake-up/wake-up-hub.ts';
import { eventually } from '../../../local/rehearsal/runtime.ts';
import type { GatewayId, SystemId } from '../../../shared/identifier.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';
import { wakeUpHub, wakeUpProtocol, type WakeReason } from '../../../shared/wake-up/wake-up.ts';
import { createWebPubSubWakeUp } from '../../../shared/wake-up/web-pubsub-wake-up.ts';

const key = 'the access key of this hub';
const [own, other] = ['sys-own' as SystemId, 'sys-other' as SystemId];
const gateway = 'gw-1' as GatewayId;

/** The hub of one machine, spoken to by Microsoft's own client and server libraries, and by our gateway. */
describe('the hub that wakes gateways', () => {
  let hub: Awaited<ReturnType<typeof startWakeUpHub>>;
  const closing: (() => unknown)[] = [];
  beforeEach(async () => {
    hub = await startWakeUpHub({ port: 0, hub: wakeUpHub, key, log: silentLog });
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await hub.close();
  });

  const wakeUpBy = (by = key) =>
    createWebPubSubWakeUp({
      endpoint: hub.endpoint,
      clientId: undefined,
      key: async () => by,
      clock: systemClock,
      log: silentLog,
    });

  async function officialClient(url: string) {
    const client = new WebPubSubClient(url, {
      // Not its default, the reliable protocol, which numbers every message.
      protocol: WebPubSubJsonProtocol(),
      autoReconnect: false,
    });
    const heard: unknown[] = [];
    client.on('group-message', ({ message }) => heard.push(message.data));
    const connected = new Promise<{ userId: string }>((resolve) => client.on('connected', resolve));
    await client.start();
    closing.push(() => client.stop());
    return { client, heard, connected: await connected };
  }

  it('lets Microsoft’s client in, which hears of its own system only', async () => {
    const wakeUp = wakeUpBy();
    const { url } = await wakeUp.connection(own, gateway);
    const { heard, connected } = await officialClient(url);
    expect(connected.userId).toBe(gateway);
    await wakeUp.wake(other, 'look');
    await wakeUp.wake(own, 'commands');
    await eventually(async () => heard.length > 0);
    expect(heard).toEqual([{ wake: 'commands' }]);
  });

  it('lets a gateway neither join another group nor send (ASVS 4.1.3)', async () => {
    const { url } = await wakeUpBy().connection(own, gateway);
    const { client } = await officialClient(url);
    for (const act of [
      () => client.joinGroup(other),
      () => client.sendToGroup(own, { wake: 'look' }, 'json'),
      () => client.sendEvent('anything', {}, 'json'),
    ])
      await expect(act()).rejects.toMatchObject({ errorDetail: { name: 'Forbidden' } });
  });

  it.each([
    ['another key', () => wakeUpBy('another key').connection(own, gateway)],
    [
      'a token of another hub',
      async () => {
        const service = new WebPubSubServiceClient(hub.endpoint, new AzureKeyCredential(key), 'another');
        const { url } = await service.getClientAccessToken({ userId: 'x' });
        return { url: url.replace('/another?', `/${wakeUpHub}?`) };
      },
    ],
    ['no token', async () => ({ url: `${hub.endpoint.replace('http', 'ws')}/client/hubs/${wakeUpHub}` })],
  ])('refuses %s', async (_, connection) => {
    const { url } = await connection();
    const socket = new WebSocket(url, wakeUpProtocol);
    const [event] = (await Promise.race([once(socket, 'error'), once(socket, 'open')])) as [Event];
    expect(event.type).toBe('error');
    expect(hub.connections()).toBe(0);
  });

  it('takes no wake-up from who has not its key, and whoever wakes never fails for it', async () => {
    const { heard } = await officialClient((await wakeUpBy().connection(own, gateway)).url);
    await wakeUpBy('another key').wake(own, 'look');
    await pause(100);
    expect(heard).toEqual([]);
    await hub.close();
    await wakeUpBy().wake(own, 'look');
    hub = await startWakeUpHub({ port: 0, hub: wakeUpHub, key, log: silentLog });
  });

  describe('and the gateway’s channel', () => {
    function open(more: Partial<WakeUpChannelOptions> = {}) {
      const woken: WakeReason[] = [];
      const channel = createWakeUpChannel({
        connection: () => wakeUpBy().connection(own, gateway),
        onWake: (reason) => woken.push(reason),
        agents: outwardAgents({}),
        clock: systemClock,
        random: systemRandom,
        timer: { sleep: (_, signal) => systemTimer.sleep(10, signal) },
        log: silentLog,
        ...more,
      });
      closing.push(() => channel.close());
      return { channel, woken };
    }

    it('is woken, and looks by itself whenever it has connected, since it may have missed something', async () => {
      const { woken } = open();
      await eventually(async () => woken.length === 2);
      expect(woken).toEqual(['look', 'commands']);
      await wakeUpBy().wake(own, 'tunnel');
      await eventually(async () => woken.length === 3);
      expect(woken.at(-1)).toBe('tunnel');
    });

    it('comes back when the hub was away, and misses nothing', async () => {
      const { woken, channel } = open();
      await eventually(async () => channel.isOpen());
      const { port } = new URL(hub.endpoint);
      await hub.close();
      await eventually(async () => !channel.isOpen());
      woken.length = 0;
      hub = await startWakeUpHub({ port: Number(port), hub: wakeUpHub, key, log: silentLog });
      await eventually(async () => woken.includes('look'));
    });

    it('rests where the service wakes nobody', async () => {
      let asked = 0;
      const rests: number[] = [];
      open({
        connection: async () => void asked++,
        timer: {
          async sleep(milliseconds, signal) {
            rests.push(milliseconds);
            await systemTimer.sleep(10_000, signal);
          },
        },
      });
      await eventually(async () => rests.length === 1);
      expect([asked, rests]).toEqual([1, [15 * 60_000]]);
    });

    it('speaks to nobody without TLS but this machine', async () => {
      let asked = 0;
      const { channel } = open({
        connection: async () => {
          asked++;
          return { url: 'ws://hub.example/client/hubs/gateways' };
        },
      });
      await eventually(async () => asked > 1);
      expect(channel.isOpen()).toBe(false);
    });
  });
});
