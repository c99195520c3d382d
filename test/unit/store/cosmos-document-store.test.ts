import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonLines } from '../../../shared/log.ts';
import { cosmosContainers } from '../../../shared/store/cosmos-containers.ts';
import { cosmosDocumentStore } from '../../../shared/store/cosmos-document-store.ts';
import {
  containerNames,
  DocumentChanged,
  DocumentExists,
  type Document,
  type DocumentStore,
} from '../../../shared/store/document-store.ts';
import { DocumentTooLarge, StoreUnavailable } from '../../../shared/store/store-errors.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { startLoopbackCosmos, type LoopbackCosmos } from '../../support/loopback-cosmos.ts';
import { startLoopbackIdentity } from '../../support/loopback-identity.ts';

let cosmos: LoopbackCosmos;
let store: DocumentStore;
beforeAll(async () => {
  cosmos = await startLoopbackCosmos();
});
afterAll(() => cosmos.close());
beforeEach(async () => {
  store = cosmos.open();
  await store.check();
  cosmos.state.operations.length = 0;
});
afterEach(async () => {
  cosmos.state.intercept = undefined;
  await store.close();
});

const changed: Document & { note: string } = { id: 'a', pk: 'p', note: 'new' };
const document: Document & { note: string } = { id: 'a', pk: 'p', note: 'Olga’s own words' };

/** Does something to the first `times` requests about documents. */
function meddle(times: number, act: (request: IncomingMessage, response: ServerResponse) => boolean) {
  let left = times;
  cosmos.state.intercept = (request, response) =>
    /\/docs/.test(request.url ?? '') && left-- > 0 && act(request, response);
}
const answerWith =
  (status: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end('{"code":"Meddled","message":"Olga"}');
    return true;
  };
/** The emulator does what it was asked, and the answer gets lost. */
const loseAnswer = (request: IncomingMessage, response: ServerResponse) => {
  response.end = () => {
    request.socket.destroy();
    return response;
  };
  return false;
};

describe('a write whose answer is lost', () => {
  it('is found to have been made when it is tried again: create', async () => {
    meddle(1, loseAnswer);
    const etag = await store.create('shares', document);
    expect(await store.read('shares', 'p', 'a')).toEqual({ document, etag });
    expect(cosmos.state.operations.slice(0, 2)).toEqual(['create shares', 'create shares']);
  });

  it('replace', async () => {
    const first = await store.create('shares', document);
    meddle(1, loseAnswer);
    const etag = await store.replace('shares', changed, first);
    expect(etag).not.toBe(first);
    expect(await store.read('shares', 'p', 'a')).toEqual({ document: changed, etag });
  });

  it('remove', async () => {
    const etag = await store.create('shares', document);
    meddle(1, loseAnswer);
    await store.remove('shares', 'p', 'a', etag);
    expect(await store.read('shares', 'p', 'a')).toBeUndefined();
  });

  it('is told from the write of somebody else who was faster', async () => {
    const etag = await store.create('shares', document);
    meddle(1, loseAnswer);
    await expect(store.create('shares', document)).rejects.toThrow(DocumentExists);
    await store.replace('shares', document, etag);
    meddle(1, loseAnswer);
    await expect(store.replace('shares', document, etag)).rejects.toThrow(DocumentChanged);
  });
});

describe('trouble', () => {
  it.each([408, 410, 449, 500, 502, 503, 504])('is tried again and overcome: %d', async (status) => {
    meddle(2, answerWith(status));
    await store.create('shares', document);
    meddle(2, answerWith(status));
    expect((await store.read('shares', 'p', 'a'))?.document).toEqual(document);
    meddle(2, answerWith(status));
    expect((await store.query('shares', { limit: 5 })).items).toHaveLength(1);
  });

  it('waits as long as a throttled request is told to, and then goes on', async () => {
    meddle(3, answerWith(429, { 'x-ms-retry-after-ms': '20' }));
    await store.create('shares', document);
    expect(cosmos.state.operations).toEqual(Array(4).fill('create shares'));
  });

  it.each([
    [429, 10],
    [500, 4],
  ])('gives up on %d after %d tries, and quotes neither document nor answer', async (status, tries) => {
    meddle(Infinity, answerWith(status, { 'x-ms-retry-after-ms': '1' }));
    const error: unknown = await store.create('shares', document).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain('Olga');
    expect(cosmos.state.operations).toHaveLength(tries);
  });

  it('takes no missing container for a missing document', async () => {
    meddle(1, answerWith(404, { 'x-ms-substatus': '1003' }));
    await expect(store.read('shares', 'p', 'a')).rejects.toThrow('no such database or container');
    meddle(1, answerWith(404));
    expect(await store.read('shares', 'p', 'a')).toBeUndefined();
  });

  it('says which role is missing', async () => {
    meddle(1, answerWith(403));
    await expect(store.read('shares', 'p', 'a')).rejects.toThrow('Cosmos DB Built-in Data Contributor');
  });

  it('says what is too large, also where Azure counts otherwise', async () => {
    meddle(1, answerWith(413));
    await expect(store.create('shares', document)).rejects.toThrow(DocumentTooLarge);
  });

  it('serves again by itself after an outage that began before the first request', async () => {
    const later = cosmos.open();
    cosmos.state.intercept = answerWith(503);
    await expect(later.read('shares', 'p', 'a')).rejects.toThrow(StoreUnavailable);
    cosmos.state.intercept = undefined;
    expect(await later.read('shares', 'p', 'a')).toBeUndefined();
    await later.close();
  });

  it('lets nobody wait for ever while no connection holds, and serves again when one does', async () => {
    meddle(Infinity, ({ socket }) => socket.destroy() && true);
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 20 }, () => store.read('shares', 'p', 'a')),
      store.create('shares', document),
    ]);
    for (const outcome of outcomes)
      expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(StoreUnavailable);
    cosmos.state.intercept = undefined;
    await store.create('shares', document);
  });

  it('serves nothing once closed', async () => {
    await store.close();
    await expect(store.read('shares', 'p', 'a')).rejects.toThrow('closed');
  });
});

describe('the way it is asked', () => {
  it('reads what it can name by a point read, and asks nothing for a name that cannot be', async () => {
    await store.create('shares', document);
    await store.read('shares', 'p', 'a');
    for (const id of ['', 'a/b', '../a', '#', 'x'.repeat(2000), '\ud800'])
      expect(await store.read('shares', 'p', id)).toBeUndefined();
    expect(cosmos.state.operations).toEqual(['create shares', 'read shares']);
  });

  it('ends a page early rather than hold much in memory, and goes on from there', async () => {
    const note = 'x'.repeat(1_500_000);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      const large = { ...document, id, note };
      await store.create('shares', large);
    }
    const first = await store.query('shares', { limit: 100 });
    expect(first.items).toHaveLength(5);
    const rest = await store.query('shares', { limit: 100, continuation: first.continuation ?? '' });
    expect(rest.items).toHaveLength(2);
    expect(rest.continuation).toBeUndefined();
  });

  it('signs in as the managed identity where no key is set, and warns of a consistency that is too weak', async () => {
    const database = randomUUID();
    await cosmos.open(database).check();
    const identity = await startLoopbackIdentity();
    Object.assign(process.env, identity.settings);
    const lines: string[] = [];
    const authorizations = new Set<string>();
    cosmos.state.intercept = ({ headers }) => {
      authorizations.add(decodeURIComponent(headers.authorization ?? ''));
      return false;
    };
    const asIdentity = cosmosDocumentStore({
      endpoint: cosmos.endpoint,
      database,
      key: undefined,
      clientId: '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d',
      random: systemRandom,
      log: jsonLines(
        (line) => lines.push(line),
        () => '',
      ),
    });
    await asIdentity.create('shares', document);
    expect(identity.state.asked.map(({ clientId }) => clientId)).toEqual([
      '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d',
    ]);
    const [token] = identity.state.tokens.keys();
    expect([...authorizations]).toEqual([`type=aad&ver=1.0&sig=${token}`]);
    expect(lines.join()).toMatch(/too weak.*"consistency":"Session"/);
    await asIdentity.close();
    for (const name of Object.keys(identity.settings)) delete process.env[name];
    await identity.close();
  });
});

describe('the containers', () => {
  it('index what queries name and nothing else', () => {
    expect(cosmosContainers.map(({ id }) => id)).toEqual([...containerNames, 'meta']);
    const shares = cosmosContainers.find(({ id }) => id === 'shares');
    expect(shares?.partitionKey.paths).toEqual(['/pk']);
    expect(shares?.indexingPolicy.excludedPaths).toEqual([{ path: '/*' }]);
    expect(shares?.indexingPolicy.includedPaths).toContainEqual({ path: '/sweepAt/?' });
    for (const { indexingPolicy } of cosmosContainers)
      expect(indexingPolicy.includedPaths).toHaveLength(indexingPolicy.compositeIndexes.length);
  });
});
