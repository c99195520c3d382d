import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Policy } from '../../shared/policies/policy.ts';
import type { OnPremAdapter } from '../adapters/on-prem-adapter.ts';
import type { ServiceClient } from '../service-client.ts';
import type { CredentialsStore } from '../state/credentials-store.ts';
import type { FolderLocks } from '../state/folder-lock.ts';
import type { Seal } from './seal.ts';
import type { ShareRecords } from './share-records.ts';

/** What making, ending and reconciling shares work with. */
export interface ShareParts {
  readonly records: ShareRecords;
  readonly locks: FolderLocks;
  readonly service: Pick<
    ServiceClient,
    'allowlist' | 'createShare' | 'deleteShare' | 'share' | 'shareRecord' | 'shares' | 'updateShare'
  >;
  readonly credentials: Pick<CredentialsStore, 'read'>;
  readonly adapter: OnPremAdapter;
  /** What the organization of a system allows, as this gateway knows it. */
  readonly policy: (systemId: string) => Promise<Policy>;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Whether what was admitted in the portal counts here without anybody's word on this side. */
  readonly acceptPortalAdmissions: boolean;
}
