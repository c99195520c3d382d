import { containerNames, containers, type ContainerName } from './document-store.ts';

/** Holds the store's own key; no port's container. */
export const metaContainer = 'meta';

type Order = 'ascending' | 'descending';

export interface CosmosIndexingPolicy {
  readonly automatic: true;
  readonly indexingMode: 'consistent';
  readonly includedPaths: { path: string }[];
  readonly excludedPaths: { path: string }[];
  readonly compositeIndexes: { path: string; order: Order }[][];
}

export interface CosmosContainer {
  readonly id: ContainerName | typeof metaContainer;
  readonly partitionKey: { readonly paths: string[]; readonly version: 2 };
  readonly indexingPolicy: CosmosIndexingPolicy;
}

const ids: readonly CosmosContainer['id'][] = [...containerNames, metaContainer];

/** Every container as it is to be deployed. Only what queries name is indexed: a write pays for each path. */
export const cosmosContainers: readonly CosmosContainer[] = ids.map((id) => ({
  id,
  partitionKey: { paths: ['/pk'], version: 2 },
  indexingPolicy: indexingPolicy(id === metaContainer ? [] : containers[id]),
}));

/** An ORDER BY of several fields needs their composite index, which serves the opposite order as well. */
function indexingPolicy(fields: readonly string[]): CosmosIndexingPolicy {
  return {
    automatic: true,
    indexingMode: 'consistent',
    includedPaths: ['pk', ...fields].map((field) => ({ path: `/${field}/?` })),
    excludedPaths: [{ path: '/*' }],
    compositeIndexes: [[], ...fields.map((field) => [field])].map((first) =>
      [...first, 'id', 'pk'].map((field) => ({ path: `/${field}`, order: 'ascending' as const })),
    ),
  };
}
