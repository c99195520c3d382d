import { shareCreateSchema } from '../shared/shares/share-request.ts';
import { shareView } from '../shared/shares/share-view.ts';
import { instant } from '../shared/clock.ts';
import { Problem } from '../shared/problem.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { readJson } from './trigger/request-body.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** Room for an allowlist of 10,000 rules, and still a document that the store takes. */
const mostBytes = 1_800_000;

function idempotencyKey(header: string | null): string | undefined {
  if (header === null) return undefined;
  if (/^[\x21-\x7e]{16,200}$/.test(header)) return header;
  throw new Problem(
    'invalid-request',
    'Idempotency-Key: 16 to 200 printable characters, best a random UUID.',
  );
}

export const shareCreate: Handler = async (services, request) => {
  const { system, actor } = await systemOf(services, request);
  const wanted = await readJson(request, shareCreateSchema, mostBytes);
  const key = idempotencyKey(request.headers.get('idempotency-key'));
  const { share, created } = await services.shares.create(system, actor, wanted, key);
  await services.invitations.deliver(share.id);
  const current = await services.shares.ofSystem(system.id, share.id);
  return json(created ? 201 : 200, shareView(current, services.site, instant(services.clock.now())), {
    location: `/api/shares/${share.id}`,
  });
};

http('share-create', { methods: ['POST'], route: 'api/shares', handler: shareCreate });
