import type { Position } from './continuation.ts';
import type { Comparison, ContainerName, Query } from './document-store.ts';
import { fieldExpression } from './sqlite-schema.ts';

export interface SqlQuery {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * A query as SQL that walks an index from `after` on, one row more than the limit, so that the caller
 * sees whether another page follows. Columns: pk, id, etag, json, position (the value ordered by).
 * Documents that lack the field ordered by are left out, as are values of another type than compared with.
 */
export function sqlQuery(container: ContainerName, query: Query, after: Position | undefined): SqlQuery {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const must = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  const [orderField, direction] = query.orderBy ?? ['id', 'asc'];
  const order = fieldExpression(orderField);

  if (query.partition !== undefined) must('pk = ?', query.partition);
  for (const [field, comparison, value] of query.where ?? [])
    must(compare(fieldExpression(field), comparison, value), value);
  if (orderField !== 'id') must(`${order} IS NOT NULL`);
  if (after !== undefined) {
    const beyond = direction === 'asc' ? '>' : '<';
    // The first term alone lets SQLite start in the middle of the index.
    if (orderField === 'id')
      must(`id ${beyond}= ? AND (id ${beyond} ? OR pk ${beyond} ?)`, after.id, after.id, after.pk);
    else
      must(
        `${order} ${beyond}= ? AND (${order} ${beyond} ? OR id ${beyond} ? OR (id = ? AND pk ${beyond} ?))`,
        ...[after.value, after.value, after.id, after.id, after.pk],
      );
  }

  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const orders = [...new Set([order, 'id', 'pk'])].map((column) => `${column} ${direction}`);
  return {
    sql: `SELECT pk, id, etag, json, ${order} AS position FROM "${container}"${where} ORDER BY ${orders.join(', ')} LIMIT ?`,
    values: [...values, query.limit + 1],
  };
}

/** SQLite sorts null before numbers before text and compares across types; Cosmos DB does not. */
function compare(expression: string, comparison: Comparison, value: string | number): string {
  const condition = `${expression} ${comparison} ?`;
  if (typeof value === 'string' && comparison.startsWith('<')) return `${condition} AND ${expression} >= ''`;
  if (typeof value === 'number' && comparison.startsWith('>')) return `${condition} AND ${expression} < ''`;
  return condition;
}
