import type { VNode } from 'preact';
import { instant } from '../../../shared/clock.ts';
import { ConnectReviewPage } from '../../../shared/pages/connect-review-page.tsx';
import { ErrorPage } from '../../../shared/pages/error-page.tsx';
import { pageHeaders } from '../../../shared/pages/page-headers.ts';
import { assetCacheControl, findPortalAsset, portalIconPath } from '../../../shared/pages/portal-assets.ts';
import { portalColours } from '../../../shared/pages/portal-colours.ts';
import { portalCss, portalCssPath } from '../../../shared/pages/portal-css.ts';
import { renderPage } from '../../../shared/pages/render-page.ts';
import { ShareStatePage } from '../../../shared/pages/share-state-page.tsx';
import { utcText } from '../../../shared/pages/utc-text.ts';
import { contrast } from './contrast.ts';
import { everyPage, shareStates } from './page-samples.ts';
import { elements, textOf } from './read-html.ts';

const page = (name: string): string => renderPage(everyPage((words) => words)[name] as VNode);
const inputs = (html: string) =>
  new Map(
    elements(html).flatMap(({ tag, attributes }) =>
      tag === 'input' ? [[attributes.get('name') ?? '', attributes]] : [],
    ),
  );
const actions = (html: string) => elements(html).flatMap(({ attributes }) => attributes.get('action') ?? []);

describe('a form that is shown again', () => {
  it('keeps what was typed and says beside each field what is wrong', () => {
    const html = page('connect-review-new');
    const fields = inputs(html);
    expect(fields.get('organizationSlug')?.get('value')).toBe('North Wind');
    expect(fields.get('organizationSlug')?.get('aria-invalid')).toBe('true');
    expect(fields.get('organizationSlug')?.get('aria-describedby')).toBe(
      'field-organizationSlug-hint field-organizationSlug-error',
    );
    expect(fields.get('organizationName')?.has('aria-invalid')).toBe(false);
    const summary = elements(html).filter(({ parents }) =>
      parents.some((parent) => parent.attributes.get('role') === 'alert'),
    );
    expect(summary.flatMap(({ attributes }) => attributes.get('href') ?? [])).toEqual([
      '#field-organizationSlug',
      '#field-systemSlug',
      '#field-terms',
    ]);
  });

  it('never shows a wrong code again', () => {
    expect(inputs(page('sign-in-code-error')).get('code')?.get('value')).toBe('');
  });

  it('carries where to go afterwards', () => {
    expect(inputs(page('sign-in')).get('returnTo')?.get('value')).toBe('/connect?user_code=BCDF-GHJK');
    const code = inputs(page('sign-in-code'));
    expect(code.get('challengeId')?.get('value')).toBe('ch-1');
    expect(code.get('code')?.get('autocomplete')).toBe('one-time-code');
    expect(code.get('code')?.get('inputmode') ?? code.get('code')?.get('inputMode')).toBe('numeric');
  });
});

describe('the review of a gateway', () => {
  const review = {
    systems: [],
    account: 'ann@example.com',
    csrf: 'token',
    userCode: 'BCDF-GHJK',
    gatewayName: 'gw',
    requestedFrom: '203.0.113.24',
    requestedAt: instant(0),
    expiresAt: instant(900_000),
  };

  it('shows the code to compare, what asks and from where', () => {
    const words = textOf(page('connect-review'), 'main').join(' ');
    for (const part of [
      'BCDF-GHJK',
      'gateway on plc-edge-01',
      'Hilltop Monitoring 7.2',
      '203.0.113.24',
      '21 Nov 2026, 07:12 UTC',
    ]) {
      expect(words).toContain(part);
    }
    expect(words).toMatch(/choose Deny/);
  });

  it('starts at an organization one has, and at a new one where there is none', () => {
    const organizations = [
      { id: 'org-1', name: 'A', slug: 'a' },
      { id: 'org-2', name: 'B', slug: 'b' },
    ];
    const checked = (html: string) =>
      elements(html).flatMap(({ attributes }) =>
        attributes.get('name') === 'organization' &&
        (attributes.has('checked') || attributes.get('type') === 'hidden')
          ? attributes.get('value')
          : [],
      );
    expect(checked(renderPage(ConnectReviewPage({ ...review, organizations })))).toEqual(['org-1']);
    expect(
      checked(renderPage(ConnectReviewPage({ ...review, organizations, values: { organization: 'org-2' } }))),
    ).toEqual(['org-2']);
    expect(
      checked(renderPage(ConnectReviewPage({ ...review, organizations, values: { organization: 'new' } }))),
    ).toEqual(['new']);
    expect(checked(renderPage(ConnectReviewPage({ ...review, organizations: [] })))).toEqual(['new']);
  });
});

describe('the page of a system', () => {
  it('lets an owner pause, resume, stop and disconnect', () => {
    expect(actions(page('system'))).toEqual([
      '/sign-out',
      '/systems/sys-1/shares/abc/pause',
      '/systems/sys-1/shares/abc/delete',
      '/systems/sys-1/shares/def/resume',
      '/systems/sys-1/shares/def/delete',
      '/systems/sys-1/disconnect',
    ]);
  });

  it('lets a member look only', () => {
    expect(actions(page('system-member'))).toEqual(['/sign-out']);
  });

  it('says of each recipient how far the invitation got', () => {
    const words = textOf(page('system'), 'main').join(' ');
    for (const part of [
      'First opened',
      'Invited, not opened yet',
      'could not be delivered',
      'is being sent',
    ]) {
      expect(words).toContain(part);
    }
  });
});

it('an empty home page says how to connect the first system', () => {
  expect(textOf(page('home-empty'), 'main').join(' ')).toContain('drawbridge-gateway connect');
  expect(textOf(page('home'), 'main').join(' ')).not.toContain('drawbridge-gateway connect');
});

it('only an owner sees forms for members, and only where they are served', () => {
  expect(actions(page('organization'))).toContain('/organizations/northwind/members/invite');
  expect(actions(page('organization-member'))).toEqual(['/sign-out']);
});

describe('a share that cannot be seen', () => {
  it('has for each reason its own words, and something to do', () => {
    const titles = shareStates.map((state) => textOf(page(`share-${state}`), 'h1').join(' '));
    expect(new Set(titles).size).toBe(shareStates.length);
    for (const state of shareStates) {
      expect(
        elements(page(`share-${state}`)).filter(
          ({ attributes }) => attributes.get('class')?.includes('button') === true,
        ),
      ).not.toEqual([]);
    }
  });

  it('tells whoever has the wrong address which one is signed in, and how to change it', () => {
    const html = page('share-wrong-account');
    expect(html).toContain('ann@example.com');
    expect(actions(html)).toEqual(['/sign-out']);
  });

  it('leads to the portal from the share’s origin', () => {
    const html = renderPage(
      ShareStatePage({
        state: 'sign-in',
        portalOrigin: 'https://portal.example',
        stylesheet: '/.drawbridge/portal.css',
      }),
    );
    const links = elements(html).flatMap(({ tag, attributes }) =>
      tag === 'a' ? (attributes.get('href') ?? []) : [],
    );
    expect(links).toEqual(['#main', 'https://portal.example/', 'https://portal.example/sign-in']);
  });
});

it('an error shows its number only where there is one', () => {
  const props = { status: 404, title: 'Not found', detail: 'There is no such page.' };
  expect(renderPage(ErrorPage(props))).not.toContain('give this number');
  expect(renderPage(ErrorPage({ ...props, correlationId: 'abc-1' }))).toContain('<code>abc-1</code>');
});

describe('what pages load', () => {
  it('is found under names that hold a hash of the content', () => {
    expect(findPortalAsset(portalCssPath)).toEqual({
      contentType: 'text/css; charset=utf-8',
      body: portalCss,
    });
    expect(findPortalAsset(portalIconPath)?.contentType).toBe('image/svg+xml');
    expect(findPortalAsset('/assets/portal.0000000000000000.css')).toBeUndefined();
    expect(assetCacheControl).toContain('immutable');
  });

  it('comes from the page’s own origin', () => {
    expect(portalCss).not.toMatch(/url\(|@import/);
    expect(pageHeaders()['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(pageHeaders(['https://*.share.example'])['content-security-policy']).toContain(
      "form-action 'self' https://*.share.example;",
    );
  });

  it('styles every class that the pages use', () => {
    const used = new Set(
      Object.values(everyPage((words) => words)).flatMap((node) =>
        elements(renderPage(node)).flatMap(({ attributes }) => attributes.get('class')?.split(' ') ?? []),
      ),
    );
    const unstyled = [...used].filter((name) => !portalCss.includes(`.${name}`));
    expect(unstyled).toEqual([]);
  });
});

describe.each(['light', 'dark'] as const)('in %s mode', (mode) => {
  const colours = portalColours[mode];

  it.each([
    ['text', 'page'],
    ['text', 'surface'],
    ['text', 'sunken'],
    ['muted', 'page'],
    ['muted', 'surface'],
    ['muted', 'sunken'],
    ['link', 'page'],
    ['link', 'surface'],
    ['error', 'surface'],
    ['button-text', 'button'],
    ['button-text', 'button-hover'],
    ['danger-text', 'danger'],
    ['danger-text', 'danger-hover'],
    ['good-text', 'good'],
    ['warn-text', 'warn'],
    ['bad-text', 'bad'],
    ['plain-text', 'plain'],
  ] as const)('%s can be read on %s', (ink, paper) => {
    expect(contrast(colours[ink], colours[paper])).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ['edge', 'surface'],
    ['focus', 'page'],
    ['focus', 'surface'],
    ['button', 'surface'],
    ['danger', 'page'],
  ] as const)('%s can be seen on %s', (edge, paper) => {
    expect(contrast(colours[edge], colours[paper])).toBeGreaterThanOrEqual(3);
  });
});

it.each([
  [Date.UTC(2026, 10, 21, 7, 12, 59), '21 Nov 2026, 07:12 UTC'],
  [Date.UTC(2026, 0, 1), '1 Jan 2026, 00:00 UTC'],
  [Date.UTC(12026, 11, 31, 23, 59), '31 Dec +012026, 23:59 UTC'],
])('the moment %d reads %s', (milliseconds, text) => {
  expect(utcText(instant(milliseconds))).toBe(text);
});
