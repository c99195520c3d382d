import fc from 'fast-check';
import type { VNode } from 'preact';
import { renderPage } from '../../../shared/pages/render-page.ts';
import { everyPage } from './page-samples.ts';
import { hostileWords } from './hostile-words.ts';
import { elements, textOf } from './read-html.ts';

const names = Object.keys(everyPage((words) => words)).map((name) => [name] as const);

function html(name: string, w: (words: string) => string = (words) => words): string {
  const page: VNode | undefined = everyPage(w)[name];
  if (page === undefined) throw new Error(name);
  return renderPage(page);
}

const outline = (page: string) =>
  elements(page).map(({ tag, attributes }) => `${tag} ${[...attributes.keys()].join(' ')}`);

describe.each(names)('the page %s', (name) => {
  const page = html(name);
  const found = elements(page);
  const all = (tag: string) => found.filter((element) => element.tag === tag);

  it('makes no element or attribute out of other people’s words', () => {
    // The words of a role or state choose what is shown; these samples hold them still.
    const expected = outline(html(name, () => 'x'));
    fc.assert(
      fc.property(hostileWords, (words) => {
        // A text of nothing but spaces is a text still.
        expect(outline(html(name, () => `x${words}`))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('lets no words become an address or a handler', () => {
    const hostile = html(name, () => 'javascript:evil()');
    for (const { attributes } of elements(hostile)) {
      for (const link of ['href', 'src', 'action', 'formaction']) {
        expect(attributes.get(link) ?? '').not.toMatch(/^\s*javascript:/i);
      }
    }
  });

  it('needs no inline script or style, and loads its one stylesheet', () => {
    expect(all('script')).toEqual([]);
    expect(all('style')).toEqual([]);
    for (const { attributes } of found) {
      expect([...attributes.keys()].filter((key) => key === 'style' || key.startsWith('on'))).toEqual([]);
    }
    const sheets = all('link').filter(({ attributes }) => attributes.get('rel') === 'stylesheet');
    expect(sheets.map(({ attributes }) => attributes.get('href'))).toEqual([
      expect.stringMatching(
        name.startsWith('share-') ? /^\/\.drawbridge\/portal\.css$/ : /^\/assets\/portal\.[0-9a-f]{16}\.css$/,
      ),
    ]);
  });

  it('posts every form, with the token; a search is none, and its address does not hold the token', () => {
    for (const form of all('form')) {
      expect(form.attributes.get('action')).toMatch(/^\//);
    }
    const forms = page.match(/<form\b.*?<\/form>/gs) ?? [];
    expect(forms).toHaveLength(all('form').length);
    for (const form of forms) {
      const search = form.startsWith('<form class="card audit-search" method="get"');
      expect(/^<form\b[^>]* method="post"/.test(form)).toBe(!search);
      expect(form.includes('<input type="hidden" name="csrf" value="csrf-token"/>')).toBe(!search);
    }
  });

  it('labels every field and names every button and link', () => {
    const labelled = new Set(all('label').map(({ attributes }) => attributes.get('for')));
    const fields = found.filter(
      ({ tag, attributes }) =>
        ['input', 'select', 'textarea'].includes(tag) && attributes.get('type') !== 'hidden',
    );
    for (const { attributes } of fields) expect(labelled).toContain(attributes.get('id'));
    for (const [, words = ''] of page.matchAll(
      /<(?:button|a|summary|label)\b[^>]*>(.*?)<\/(?:button|a|summary|label)>/gs,
    )) {
      expect(words.replace(/<[^>]*>/g, '').trim()).not.toBe('');
    }
  });

  it('gives each id once, and refers only to ids that are there', () => {
    const ids = found.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { attributes } of found) {
      const references = [
        attributes.get('for'),
        attributes.get('aria-describedby'),
        attributes.get('aria-labelledby'),
      ];
      const anchor = attributes.get('href');
      if (anchor?.startsWith('#') === true) references.push(anchor.slice(1));
      for (const reference of references.flatMap((each) => each?.split(' ') ?? []))
        expect(ids).toContain(reference);
    }
  });

  it('has one main heading, and skips no level below it', () => {
    const levels = found.flatMap(({ tag }) => (/^h[1-6]$/.test(tag) ? Number(tag.slice(1)) : []));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.slice(1).forEach((level, index) => expect(level - (levels[index] ?? 0)).toBeLessThanOrEqual(1));
  });

  it('says its language and title, and lets the keyboard skip to the content', () => {
    expect(page).toMatch(/^<!doctype html><html lang="en">/);
    expect(textOf(page, 'title')).toEqual([expect.stringMatching(/^.+ · Drawbridge$/)]);
    expect(all('a')[0]?.attributes.get('href')).toBe('#main');
  });
});
