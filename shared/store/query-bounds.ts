import { containers, type ContainerName, type Query } from './document-store.ts';
import { InvalidQuery } from './store-errors.ts';

/**
 * What every adapter asks of a query before it looks at the data.
 *
 * @throws InvalidQuery naming what is wrong
 */
export function checkQuery(container: ContainerName, query: Query): void {
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 1000)
    throw new InvalidQuery('A query limit is a whole number from 1 to 1000.');
  for (const [field, , value] of query.where ?? []) {
    checkField(container, field);
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new InvalidQuery(`The value compared with ${field} is not a finite number.`);
  }
  if (query.orderBy !== undefined) checkField(container, query.orderBy[0]);
}

function checkField(container: ContainerName, field: string): void {
  const indexed: readonly string[] = containers[container];
  if (field !== 'id' && !indexed.includes(field))
    throw new InvalidQuery(`The container ${container} does not index ${field}.`);
}

/**
 * What a continuation belongs to. Compared values are left out: a sweep that asks for "due by now"
 * may move its now between two pages.
 */
export function queryShape(container: ContainerName, query: Query): string {
  const where = (query.where ?? []).map(([field, comparison]) => [field, comparison]);
  return JSON.stringify([container, query.partition ?? null, where, query.orderBy ?? ['id', 'asc']]);
}
