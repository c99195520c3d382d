import type { Random } from '../../shared/clock.ts';
import { randomText } from '../../shared/identifier.ts';

/** 57 characters that cannot be mistaken for each other. */
const alphabet = '23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** The password of a service user: 17 characters from a CSPRNG, 99 bits. */
export const newServiceUserPassword = (random: Random): string => randomText(random, 17, alphabet);
