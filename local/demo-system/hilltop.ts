import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { AlarmStreams } from './alarm-stream.ts';
import type { Assets } from './assets.ts';
import type { CallerSources } from './caller.ts';
import type { GatewayClient } from './gateway-client.ts';

/** What the routes of Hilltop Monitor work with. */
export interface Hilltop extends CallerSources {
  readonly assets: Assets;
  readonly streams: AlarmStreams;
  /** Missing where no gateway program is set up. */
  readonly gateway: GatewayClient | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
