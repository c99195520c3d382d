import type { SqlQuerySpec } from '@azure/cosmos';
import type { Position } from './continuation.ts';
import type { Query } from './document-store.ts';

/**
 * A query in Cosmos DB's SQL that goes on after `after`. Comparing values of two types gives undefined there,
 * which is not true, so a field that is missing or of another type is left out.
 */
export function cosmosQuery(query: Query, after: Position | undefined): SqlQuerySpec {
  const conditions: string[] = [];
  const parameters: { name: string; value: string | number }[] = [];
  const bind = (value: string | number) => {
    const name = `@p${parameters.length}`;
    parameters.push({ name, value });
    return name;
  };
  const [orderField, direction] = query.orderBy ?? ['id', 'asc'];
  const order = member(orderField);

  // Named in the predicate too: not every emulator minds the partition of the request.
  if (query.partition !== undefined) conditions.push(`c.pk = ${bind(query.partition)}`);
  for (const [field, comparison, value] of query.where ?? [])
    conditions.push(`${member(field)} ${comparison} ${bind(value)}`);
  if (orderField !== 'id') conditions.push(`(IS_NUMBER(${order}) OR IS_STRING(${order}))`);
  if (after !== undefined) conditions.push(beyond(after));

  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const orders = [...new Set([order, 'c.id', 'c.pk'])].map((path) => `${path} ${direction.toUpperCase()}`);
  return { query: `SELECT * FROM c${where} ORDER BY ${orders.join(', ')}`, parameters };

  function beyond({ value, id, pk }: Position): string {
    const sign = direction === 'asc' ? '>' : '<';
    const [idName, pkName] = [bind(id), bind(pk)];
    const tie = `(c.id ${sign} ${idName} OR (c.id = ${idName} AND c.pk ${sign} ${pkName}))`;
    if (orderField === 'id') return tie;
    const name = bind(value);
    // Numbers come before text.
    const otherType = {
      asc: typeof value === 'number' && 'STRING',
      desc: typeof value === 'string' && 'NUMBER',
    }[direction];
    const rest = otherType === false ? '' : ` OR IS_${otherType}(${order})`;
    return `(${order} ${sign} ${name}${rest} OR (${order} = ${name} AND ${tie}))`;
  }
}

/** Quoted, so that no field is taken for a keyword; `checkQuery` has admitted the name. */
const member = (field: string) => (field === 'id' ? 'c.id' : `c["${field}"]`);
