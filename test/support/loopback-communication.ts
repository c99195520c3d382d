import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackIdentity } from './loopback-identity.ts';
import { listenOnLoopback } from './loopback-listen.ts';
import { loopbackLeaf, trustTestAuthority } from './test-authority.ts';

/** With the slash, as the SDKs ask for it. */
const resource = 'https://communication.azure.com/';

export interface SentEmail {
  readonly operationId: string;
  readonly senderAddress: string;
  readonly content: { readonly subject: string; readonly plainText: string; readonly html: string };
  readonly recipients: { readonly to: readonly { readonly address: string }[] };
  readonly replyTo?: readonly { readonly address: string }[];
  readonly headers?: Record<string, string>;
  readonly userEngagementTrackingDisabled?: boolean;
}

export interface SentSms {
  readonly from: string;
  readonly message: string;
  readonly smsRecipients: readonly { readonly to: string; readonly repeatabilityRequestId: string }[];
}

type Trouble =
  | { readonly kind: 'dead' }
  /** Takes the message, and its answer is lost. */
  | { readonly kind: 'lost-answer' }
  | { readonly kind: 'status'; readonly status: number; readonly code?: string; times?: number };

/**
 * Communication Services as its REST API is documented (emails: 2025-09-01, sms: 2021-03-07), over TLS, with the
 * managed identity that may send. It suppresses no e-mail by itself: what is sent twice is here twice.
 */
export async function startLoopbackCommunication() {
  const identity = await startLoopbackIdentity();
  const untouched = () => ({
    trouble: undefined as Trouble | undefined,
    emails: [] as SentEmail[],
    sms: [] as SentSms[],
    /** `POST /emails:send` and so on, in order. */
    requests: [] as string[],
    /** How many looks at an operation say that it runs still. */
    running: 0,
    /** What the operation ends with, where it fails. */
    failure: undefined as string | undefined,
    /** Of the recipient of an SMS. */
    smsStatus: 202,
  });
  const state = untouched();

  function answer(request: IncomingMessage, response: ServerResponse, text: string): void {
    const reply = (status: number, content: object, headers: Record<string, string> = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(content));
    const fail = (status: number, code: string) =>
      reply(status, { error: { code, message: 'Said of somebody@example.com' } }, { 'retry-after': '0' });
    const { pathname, searchParams, origin } = new URL(
      request.url ?? '/',
      `https://${request.headers.host ?? ''}`,
    );
    state.requests.push(`${request.method} ${pathname.replace(/[0-9a-f-]{36}$/, 'ID')}`);
    const { trouble } = state;
    if (trouble?.kind === 'dead') return void request.socket.destroy();
    if (trouble?.kind === 'status' && (trouble.times === undefined || trouble.times-- > 0))
      return fail(trouble.status, trouble.code ?? 'TooManyRequests');
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (identity.state.tokens.get(bearer)?.resource !== resource) return fail(401, 'Denied');
    if (!searchParams.has('api-version')) return fail(400, 'BadRequest');

    if (request.method === 'POST' && pathname === '/emails:send') {
      const operationId = String(request.headers['operation-id'] ?? '');
      if (!/^[0-9a-f-]{36}$/.test(operationId)) return fail(400, 'BadRequest');
      state.emails.push({ operationId, ...(JSON.parse(text) as Omit<SentEmail, 'operationId'>) });
      if (trouble?.kind === 'lost-answer') return void request.socket.destroy();
      return reply(
        202,
        { id: operationId, status: 'Running', error: null },
        {
          'operation-location': `${origin}/emails/operations/${operationId}?api-version=2025-09-01`,
          'retry-after': '0',
        },
      );
    }
    const [, operation] = /^\/emails\/operations\/([0-9a-f-]{36})$/.exec(pathname) ?? [];
    if (request.method === 'GET' && operation !== undefined) {
      if (!state.emails.some(({ operationId }) => operationId === operation)) return fail(404, 'NotFound');
      if (state.running-- > 0) return reply(200, { id: operation, status: 'Running', error: null });
      return state.failure === undefined
        ? reply(200, { id: operation, status: 'Succeeded', error: null })
        : reply(200, { id: operation, status: 'Failed', error: { code: state.failure, message: 'No.' } });
    }
    if (request.method === 'POST' && pathname === '/sms') {
      const sms = JSON.parse(text) as SentSms;
      const [recipient] = sms.smsRecipients;
      const known = state.sms.some(({ smsRecipients }) =>
        smsRecipients.some((each) => each.repeatabilityRequestId === recipient?.repeatabilityRequestId),
      );
      if (!known) state.sms.push(sms);
      if (trouble?.kind === 'lost-answer') return void request.socket.destroy();
      const successful = state.smsStatus === 202;
      const result = {
        to: recipient?.to,
        httpStatusCode: state.smsStatus,
        successful,
        ...(successful ? { messageId: 'm-1', repeatabilityResult: 'accepted' } : { errorMessage: 'No.' }),
      };
      return reply(202, { value: [result] });
    }
    return fail(404, 'NotFound');
  }

  const server = createServer(loopbackLeaf, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
    request.on('error', () => {});
  });
  const { port, close } = await listenOnLoopback(server);
  const before = { ...process.env };
  Object.assign(process.env, identity.settings);
  const distrust = trustTestAuthority();

  return {
    endpoint: `https://localhost:${port}`,
    state,
    identity: identity.state,
    reset() {
      Object.assign(state, untouched());
      Object.assign(identity.state, { out: false, asked: [] });
    },
    close: async () => {
      distrust();
      for (const name of Object.keys(identity.settings)) {
        delete process.env[name];
        if (before[name] !== undefined) process.env[name] = before[name];
      }
      await Promise.all([close(), identity.close()]);
    },
  };
}

export type LoopbackCommunication = Awaited<ReturnType<typeof startLoopbackCommunication>>;
