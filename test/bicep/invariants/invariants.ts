import { accessInvariants } from './access.ts';
import type { Invariant } from './deployed.ts';
import { frontDoorInvariants } from './front-door.ts';
import { functionInvariants } from './functions.ts';
import { nameInvariants } from './names.ts';
import { operationInvariants } from './operations.ts';
import { storeInvariants } from './stores.ts';

/** What a security officer would ask of a deployment, with any parameters. */
export const invariants: readonly Invariant[] = [
  ...functionInvariants,
  ...accessInvariants,
  ...storeInvariants,
  ...frontDoorInvariants,
  ...operationInvariants,
  ...nameInvariants,
];
