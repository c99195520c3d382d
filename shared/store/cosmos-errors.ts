import { StoreUnavailable } from './store-errors.ts';

/** What an error of the SDK says: an HTTP status with its substatus, or the code of a system error. */
export interface CosmosFailure {
  readonly status: number | undefined;
  readonly substatus: number | undefined;
  readonly code: string | undefined;
}

/** Not instanceof: the SDK is loaded on first use. */
export function cosmosFailure(error: unknown): CosmosFailure {
  const { code, substatus, name } = { ...facts(error) };
  return {
    status: typeof code === 'number' ? code : undefined,
    substatus: typeof substatus === 'number' ? substatus : undefined,
    code: typeof code === 'string' ? code : typeof name === 'string' ? name : undefined,
  };
}

function facts(error: unknown): { code?: unknown; substatus?: unknown; name?: unknown } {
  if (typeof error !== 'object' || error === null) return {};
  return {
    ...('code' in error && { code: error.code }),
    ...('substatus' in error && { substatus: error.substatus }),
    ...('name' in error && { name: error.name }),
  };
}

/** Of a 404: the container or the database is missing, not the document. */
export const ownerMissing = 1003;

const transientStatuses: ReadonlySet<number> = new Set([408, 410, 429, 449, 500, 502, 503, 504]);

/** Whether another try may go well. The SDK has done its own tries by then, and 429 has waited. */
export const isTransient = ({ status }: CosmosFailure): boolean =>
  status === undefined || (status !== 429 && transientStatuses.has(status));

/** The error a caller of the store should see. The SDK's own may quote documents, so it is no cause. */
export function unavailable({ status, substatus, code }: CosmosFailure): StoreUnavailable {
  const words = [status, substatus, code].filter((part) => part !== undefined && part !== 0).join(' ');
  switch (status) {
    case 401:
    case 403:
      return new StoreUnavailable(
        'cannot-open',
        `Cosmos DB refuses (${words}): give the managed identity the role "Cosmos DB Built-in Data Contributor", and let this network in.`,
      );
    case 404:
      return new StoreUnavailable('cannot-open', `Cosmos DB has no such database or container (${words}).`);
    case 429:
      return new StoreUnavailable('busy', 'Cosmos DB throttles (429).');
    default:
      return new StoreUnavailable('failed', `Cosmos DB does not answer as it should (${words}).`);
  }
}
