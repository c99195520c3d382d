import type { Random } from '../../shared/clock.ts';
import { randomText } from '../../shared/identifier.ts';

/** 57 characters that cannot be mistaken for each other. */
const alphabet = '23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** The password of a service user: 17 characters from a CSPRNG, 99 bits. */
export const newServiceUserPassword = (random: Random): string => randomText(random, 17, alphabet);

/** A name for it that tells the share and, where several gateways serve that, keeps their users apart. */
export const serviceUserName = (key: string, random: Random): string =>
  `share-${key.slice(0, 12)}-${randomText(random, 6, '0123456789abcdefghijklmnopqrstuvwxyz')}`;
