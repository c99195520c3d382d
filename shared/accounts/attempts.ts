import { day, hour } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import type { KnownDevices } from './known-device.ts';
import type { Limit, Throttle } from './throttle.ts';
import { networkOf, type Visit } from './visit.ts';

interface Limits {
  /** Whatever the addresses. */
  readonly network: Limit;
  /** One address: from one known browser, from one network, and from all strangers together. */
  readonly device: Limit;
  readonly addressAndNetwork: Limit;
  readonly address: Limit;
}

const anHour = (count: number): Limit => ({ count, window: hour });

/** ASVS 2.2.1: at most 100 failed attempts an hour for one account. Successes count too, so counting tells nothing. */
const limits = {
  code: { network: anHour(60), device: anHour(8), addressAndNetwork: anHour(8), address: anHour(24) },
  password: { network: anHour(60), device: anHour(20), addressAndNetwork: anHour(10), address: anHour(50) },
  // Hashing costs the service, whoever asks for it.
  'password change': {
    network: anHour(60),
    device: anHour(10),
    addressAndNetwork: anHour(10),
    address: anHour(20),
  },
  'password link': {
    network: anHour(30),
    device: anHour(5),
    addressAndNetwork: anHour(5),
    address: anHour(15),
  },
  // Three of a million codes are right at any time.
  totp: {
    network: anHour(60),
    device: anHour(10),
    addressAndNetwork: anHour(10),
    address: { count: 30, window: day },
  },
  'recovery code': {
    network: anHour(60),
    device: anHour(10),
    addressAndNetwork: anHour(10),
    address: anHour(20),
  },
} as const satisfies Record<string, Limits>;

export type AttemptKind = keyof typeof limits;

/** Counts attempts, by where they come from and whom they are about, whether or not there is such an account. */
export function createAttempts({ throttle, devices }: { throttle: Throttle; devices: KnownDevices }) {
  return {
    /** @throws Problem too-many-requests, with the seconds to wait */
    async take(
      kind: AttemptKind,
      address: EmailAddress,
      { source, device }: Pick<Visit, 'source' | 'device'>,
    ): Promise<void> {
      const limit = limits[kind];
      const network = networkOf(source);
      await throttle.take(`${kind} source ${network}`, limit.network);
      const known = await devices.recognise(address, device);
      if (known !== undefined) return throttle.take(`${kind} device ${known}`, limit.device);
      // Who uses up their own share of an address takes nothing from the others.
      await throttle.take(`${kind} address ${address} from ${network}`, limit.addressAndNetwork);
      await throttle.take(`${kind} address ${address}`, limit.address);
    },
  };
}

export type Attempts = ReturnType<typeof createAttempts>;
