import {
  forPerson,
  readableDashboard,
  readableElementIds,
  readOwnForm,
  requireAdmin,
  requireSharer,
} from './access.ts';
import { dashboardCalls } from './dashboard-calls.ts';
import type { Dashboard } from './dashboards.ts';
import { findElement } from './elements.ts';
import { html, seeOther, type Reply, type Route, type SignedInExchange } from './exchange.ts';
import type { GatewayAnswer, GatewayClient, GatewayStatus } from './gateway-client.ts';
import type { Hilltop } from './hilltop.ts';
import { disconnectPage } from './pages/disconnect-page.tsx';
import {
  sharedPage,
  shareFormPage,
  type ChangedShare,
  type ShareEntries,
  type ShareTrouble,
} from './pages/share-page.tsx';
import { sharingPage } from './pages/sharing-page.tsx';
import { readShareForm, type ShareWish } from './share-form.ts';

const NO_GATEWAY = 'No gateway program is set up on this system.';

/** Sharing a dashboard, and the connection to the cloud; all through the gateway program. */
export function sharingRoutes({ assets, clock, gateway, log }: Hilltop): readonly Route[] {
  const formReply = (
    { caller }: SignedInExchange,
    dashboard: Dashboard,
    entries: ShareEntries,
    {
      trouble,
      obstacle,
      changes = [],
    }: {
      trouble?: ShareTrouble;
      obstacle?: string | undefined;
      changes?: readonly ChangedShare[];
    },
  ): Reply => {
    const elements = readableElementIds(caller.user, dashboard).flatMap((id) => findElement(id) ?? []);
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    const page = shareFormPage(
      { assets, caller },
      { dashboard, elements, entries, trouble, obstacle, changes, today },
    );
    return html(page, trouble ? 422 : 200);
  };
  /** What the gateway is told of a dashboard, as this person may show it. */
  const shownBy = ({ caller }: SignedInExchange, dashboard: Dashboard) => {
    const elementIds = readableElementIds(caller.user, dashboard);
    return {
      dashboard: {
        id: dashboard.id,
        title: dashboard.title,
        entryPath: dashboard.path,
        items: elementIds.map(String),
      },
      calls: dashboardCalls(dashboard, elementIds, assets),
    };
  };
  /** The shares of a dashboard that has changed since. */
  const changesOf = async (exchange: SignedInExchange, dashboard: Dashboard): Promise<ChangedShare[]> => {
    const shares = await gateway?.shares();
    if (!gateway || shares?.kind !== 'answer') return [];
    const mine = shares.value.filter(({ dashboard: of }) => of.id === dashboard.id);
    const reviewed = await Promise.all(
      mine.map(async (share) => ({
        share,
        review: await gateway.review(share.id, shownBy(exchange, dashboard)),
      })),
    );
    return reviewed.flatMap(({ share, review }) =>
      review.kind === 'answer' && review.value.lines.length > 0 ? [{ share, ...review.value }] : [],
    );
  };
  const sharingReply = async ({ caller }: SignedInExchange, trouble?: string): Promise<Reply> => {
    const status = await gateway?.status();
    const connected = status?.kind === 'answer' && ['connected', 'expired'].includes(status.value.state);
    const shares = connected ? await gateway?.shares() : undefined;
    const view = { gatewayUrl: gateway?.url, status, shares, trouble };
    return html(sharingPage({ assets, caller }, view), trouble === undefined ? 200 : 502);
  };
  /** One button of the sharing page: acts, then shows the page again. */
  const button = (
    event: string,
    act: (gateway: GatewayClient, params: SignedInExchange['params']) => Promise<GatewayAnswer<undefined>>,
  ) =>
    forPerson(async (exchange) => {
      requireAdmin(exchange.caller);
      await readOwnForm(exchange);
      const answer = gateway ? await act(gateway, exchange.params) : undefined;
      log.info(event, { by: exchange.caller.user.name, outcome: answer?.kind ?? 'no gateway' });
      return answer?.kind === 'answer' ? seeOther('/sharing') : sharingReply(exchange, inWords(answer));
    });

  return [
    {
      method: 'GET',
      path: '/dashboards/:id/share',
      answer: forPerson(async (exchange) => {
        requireSharer(exchange.caller);
        const dashboard = readableDashboard(exchange.caller.user, exchange.params.id ?? '');
        const created = exchange.url.searchParams.get('created');
        const shares = created === null ? undefined : await gateway?.shares();
        const share =
          shares?.kind === 'answer'
            ? shares.value.find(({ id, dashboard: of }) => id === created && of.id === dashboard.id)
            : undefined;
        if (share) return html(sharedPage({ assets, caller: exchange.caller }, dashboard, share));
        const obstacle = obstacleIn(await gateway?.status());
        const changes = obstacle === undefined ? await changesOf(exchange, dashboard) : [];
        return formReply(exchange, dashboard, NOTHING_ENTERED, { obstacle, changes });
      }),
    },
    {
      method: 'POST',
      path: '/dashboards/:id/share',
      answer: forPerson(async (exchange) => {
        requireSharer(exchange.caller);
        const { user } = exchange.caller;
        const dashboard = readableDashboard(user, exchange.params.id ?? '');
        const form = await readOwnForm(exchange);
        const entries = entriesOf(form);
        const read = readShareForm(form, clock.now());
        if (read.kind === 'fault') {
          const { field, detail } = read;
          return formReply(exchange, dashboard, entries, {
            trouble: { detail, errors: [{ field, detail: '' }] },
          });
        }
        const answer = await gateway?.share({
          ...content(read.wish),
          ...shownBy(exchange, dashboard),
          sharedBy: { name: user.name },
        });
        log.info('dashboard shared', {
          dashboard: dashboard.id,
          by: user.name,
          outcome: answer?.kind ?? 'no gateway',
        });
        if (answer?.kind === 'answer') {
          return seeOther(`${dashboard.path}/share?created=${encodeURIComponent(answer.value.id)}`);
        }
        const errors = answer?.kind === 'refusal' ? answer.errors : [];
        return formReply(exchange, dashboard, entries, { trouble: { detail: inWords(answer), errors } });
      }),
    },
    {
      method: 'POST',
      path: '/dashboards/:id/share/:shareId/accept',
      answer: forPerson(async (exchange) => {
        requireSharer(exchange.caller);
        const { params, caller } = exchange;
        const dashboard = readableDashboard(caller.user, params.id ?? '');
        const accept = (await readOwnForm(exchange)).get('accept') ?? '';
        const answer = await gateway?.review(params.shareId ?? '', {
          ...shownBy(exchange, dashboard),
          accept,
        });
        log.info('changed dashboard accepted', {
          dashboard: dashboard.id,
          by: caller.user.name,
          outcome: answer?.kind ?? 'no gateway',
        });
        if (answer?.kind === 'answer') return seeOther(`${dashboard.path}/share`);
        const changes = await changesOf(exchange, dashboard);
        const trouble = { detail: inWords(answer), errors: [] };
        return formReply(exchange, dashboard, NOTHING_ENTERED, { trouble, changes });
      }),
    },
    {
      method: 'GET',
      path: '/sharing',
      answer: forPerson(async (exchange) => {
        requireAdmin(exchange.caller);
        return sharingReply(exchange);
      }),
    },
    { method: 'POST', path: '/sharing/connect', answer: button('connect asked', (to) => to.connect()) },
    {
      method: 'GET',
      path: '/sharing/disconnect',
      answer: forPerson(async ({ caller }) => {
        requireAdmin(caller);
        const status = await gateway?.status();
        const pending = status?.kind === 'answer' && status.value.state === 'pending';
        return html(disconnectPage({ assets, caller }, pending));
      }),
    },
    {
      method: 'POST',
      path: '/sharing/disconnect',
      answer: button('disconnect asked', (to) => to.disconnect()),
    },
    {
      method: 'POST',
      path: '/sharing/shares/:shareId/stop',
      answer: button('sharing stopped', (to, { shareId }) => to.stopSharing(shareId ?? '')),
    },
  ];
}

const NOTHING_ENTERED: ShareEntries = { recipients: '', message: '', expiry: 'never', date: '' };

/** Why sharing would not work now, known before anything is filled in. */
function obstacleIn(status: GatewayAnswer<GatewayStatus> | undefined): string | undefined {
  if (status?.kind !== 'answer') return inWords(status);
  return status.value.state === 'connected' ? undefined : 'This system is not connected to the cloud.';
}

const entriesOf = (form: URLSearchParams): ShareEntries => ({
  recipients: form.get('recipients') ?? '',
  message: form.get('message') ?? '',
  expiry: form.get('expiry') ?? 'never',
  date: form.get('date') ?? '',
});

const content = ({ recipients, message, expiresAt }: ShareWish) => ({
  recipients,
  ...(message === '' ? {} : { message }),
  ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
});

function inWords(answer: GatewayAnswer<unknown> | undefined): string {
  if (answer === undefined) return NO_GATEWAY;
  if (answer.kind === 'silence') return `The gateway program cannot be asked. ${answer.detail}`;
  return answer.kind === 'refusal' ? answer.detail : '';
}
