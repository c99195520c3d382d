import { createHash } from 'node:crypto';
import { colourProperties } from './portal-colours.ts';

/** The stylesheet of all pages, also on the origins of shares. It fetches nothing. */
export const portalCss = `:root { color-scheme: light dark; ${colourProperties('light')} }
@media (prefers-color-scheme: dark) { :root { ${colourProperties('dark')} } }

*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, p, ul, ol, dl, dd, figure, fieldset { margin: 0; padding: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.35; }
h3 { font-size: 1rem; line-height: 1.4; }
ul, ol { list-style: none; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:hover { text-decoration-thickness: 2px; }
code { font: 0.9375em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--sunken); border-radius: 4px; padding: 0.1em 0.35em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 1; padding: 0.5rem 1rem; background: var(--surface); border-radius: 0 0 6px 6px; }
.skip:focus { top: 0; }

.bar { background: var(--surface); border-bottom: 1px solid var(--line); }
.bar-inner { max-width: 62rem; margin: 0 auto; padding: 0.625rem 1.25rem; display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; }
.brand { display: inline-flex; align-items: center; gap: 0.5rem; min-height: 2.25rem; color: var(--text); font-weight: 650; text-decoration: none; }
.brand svg { width: 1.5rem; height: 1.5rem; color: var(--link); }
.bar nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.bar nav a { display: block; padding: 0.375rem 0.625rem; border-radius: 6px; color: var(--muted); text-decoration: none; }
.bar nav a:hover { color: var(--text); background: var(--sunken); }
.bar nav a[aria-current] { color: var(--text); font-weight: 600; box-shadow: inset 0 -2px var(--link); border-radius: 6px 6px 0 0; }
.who { margin-left: auto; display: flex; flex-wrap: wrap; align-items: center; gap: 0 0.75rem; color: var(--muted); font-size: 0.9375rem; }

main { flex: 1; width: 100%; max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; outline: 0; }
main.narrow { max-width: 33rem; padding-top: clamp(1.5rem, 8vh, 5rem); }

.stack > * + * { margin-top: 1rem; }
.stack-wide > * + * { margin-top: 2rem; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 0.75rem; }
.trail { font-size: 0.9375rem; color: var(--muted); margin-bottom: 0.25rem; }
.muted { color: var(--muted); }
.small { font-size: 0.9375rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem; }
.narrow > .card { padding: 1.75rem 2rem 2rem; }
.section-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 0.625rem; }
.rows { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.rows > li { padding: 0.875rem 1.25rem; }
.rows > li + li { border-top: 1px solid var(--line); }
.row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.375rem 1.5rem; }
.row-main { flex: 1 1 16rem; min-width: 0; }
.row-name { font-weight: 600; }
.aside { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; }
.aside select { min-height: 2.25rem; padding: 0.25rem 0.5rem; background: var(--surface); border: 1px solid var(--edge); border-radius: 8px; }
.rows h2 { font-size: 1rem; }
.meta { display: flex; flex-wrap: wrap; gap: 0 1.25rem; color: var(--muted); font-size: 0.9375rem; }
.empty { background: var(--surface); border: 1px dashed var(--edge); border-radius: 10px; padding: 1.25rem 1.5rem; }
.steps { counter-reset: step; }
.steps > li { counter-increment: step; position: relative; padding-left: 2.5rem; }
.steps > li + li { margin-top: 1rem; }
.steps > li::before { content: counter(step); position: absolute; left: 0; top: 0; width: 1.625rem; height: 1.625rem; border-radius: 50%;
  background: var(--plain); color: var(--plain-text); font-size: 0.875rem; font-weight: 600; line-height: 1.625rem; text-align: center; }
.command { display: block; margin-top: 0.375rem; padding: 0.625rem 0.875rem; background: var(--sunken); border-radius: 6px; white-space: pre-wrap; }

.badge { display: inline-block; padding: 0.0625rem 0.5625rem; border-radius: 999px; font-size: 0.8125rem; font-weight: 600; line-height: 1.5rem; white-space: nowrap; background: var(--plain); color: var(--plain-text); }
.badge.good { background: var(--good); color: var(--good-text); }
.badge.warn { background: var(--warn); color: var(--warn-text); }
.badge.bad { background: var(--bad); color: var(--bad-text); }
.notice { padding: 0.75rem 1rem; border-radius: 8px; background: var(--warn); color: var(--warn-text); }
.notice a { color: inherit; }
.errors { padding: 0.75rem 1rem; border-radius: 8px; background: var(--bad); color: var(--bad-text); }
.errors a { color: inherit; }
.errors li + li { margin-top: 0.25rem; }

.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.375rem 1.25rem; }
.facts dt { color: var(--muted); }
.facts dd { min-width: 0; }
.user-code { padding: 0.75rem 1rem; background: var(--sunken); border-radius: 8px; text-align: center;
  font: 600 1.75rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: 0.12em; }

.who a { padding: 0.25rem 0; color: inherit; text-decoration: none; }
.who a:hover { color: var(--text); text-decoration: underline; }
.who a[aria-current] { color: var(--text); font-weight: 600; }
.qr { display: block; width: 13rem; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
.recovery-codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.5rem 1.25rem; padding: 0.875rem 1rem; background: var(--sunken); border-radius: 8px; }

.field { display: block; }
.field label, legend { display: block; font-weight: 600; padding: 0; }
.hint { color: var(--muted); font-size: 0.9375rem; }
.field-error { color: var(--error); font-size: 0.9375rem; font-weight: 600; }
input, select { font: inherit; color: inherit; }
.field input:not([type=checkbox], [type=radio]), .field select { display: block; width: 100%; min-height: 2.75rem; margin-top: 0.375rem; padding: 0.5rem 0.75rem;
  background: var(--surface); border: 1px solid var(--edge); border-radius: 8px; }
.field input[readonly] { background: var(--sunken); }
.field input[aria-invalid] { border-color: var(--error); box-shadow: inset 0 0 0 1px var(--error); }
.field .digits { font: 600 1.5rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: 0.25em; }
.field input::placeholder { color: var(--muted); opacity: 1; }
fieldset { border: 0; min-width: 0; }
.choice { display: flex; align-items: flex-start; gap: 0.625rem; }
.choice input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0.125rem 0 0; accent-color: var(--button); }
.choice label { font-weight: 400; }
.choices > * + * { margin-top: 0.5rem; }
.inset { margin: 0.75rem 0 0 0.5625rem; padding-left: 1.25rem; border-left: 2px solid var(--line); }
.choices:has(input[value=new]:not(:checked)) .inset { display: none; }
form:has(input[name=target][value=new]:checked) .existing-system, form:has(input[name=target][value=existing]:checked) .new-system { display: none; }

.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
button, .button { display: inline-block; min-height: 2.75rem; padding: 0.5625rem 1.25rem; border: 1px solid transparent; border-radius: 8px; background: var(--button); color: var(--button-text);
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { background: var(--button-hover); }
.quiet { background: transparent; color: var(--text); border-color: var(--edge); }
.quiet:hover { background: var(--sunken); }
.danger { background: var(--danger); color: var(--danger-text); }
.danger:hover { background: var(--danger-hover); }
.slight { min-height: 2.25rem; padding: 0.3125rem 0.875rem; font-size: 0.9375rem; }
.plain-button { min-height: 2.25rem; padding: 0.25rem 0; border: 0; background: none; color: var(--link); font-weight: 400; text-decoration: underline; text-underline-offset: 0.15em; }
.plain-button:hover { background: none; text-decoration-thickness: 2px; }
.danger-zone { border-color: var(--danger); }
.danger-zone .field, .rows ~ .card .field { max-width: 28rem; }
summary { min-height: 1.5rem; cursor: pointer; color: var(--link); }
details > :not(summary) { margin-top: 0.625rem; }
.filters { display: flex; flex-wrap: wrap; gap: 0.375rem; }
.filters a { padding: 0.25rem 0.75rem; border: 1px solid var(--line); border-radius: 999px; background: var(--surface); color: var(--text); font-size: 0.9375rem; text-decoration: none; }
.filters a:hover { border-color: var(--edge); }
.filters a[aria-current] { background: var(--button); border-color: var(--button); color: var(--button-text); }
.recipients > li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.25rem; padding: 0.25rem 0; }
.log > li { display: grid; grid-template-columns: 12.5rem 1fr; gap: 0 1.25rem; padding: 0.625rem 1.25rem; }
.log time { color: var(--muted); font-variant-numeric: tabular-nums; }
.correlation { font-size: 0.875rem; color: var(--muted); }
.call, .command { overflow-wrap: anywhere; }
h2.call { font-size: 1rem; }
pre { margin: 0; white-space: pre-wrap; font: inherit; }
iframe { display: block; width: 100%; height: 40rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }

.audit-search { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem 1.25rem; align-items: end; }
.audit-search .actions { grid-column: 1 / -1; }

@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 2.5rem; }
  main.narrow { padding-top: 1rem; }
  .narrow > .card { padding: 1.25rem 1.25rem 1.5rem; }
  .bar-inner { padding: 0.375rem 1rem; column-gap: 0.5rem; }
  .bar nav a { padding: 0.375rem 0.5rem; }
  .bar nav a[aria-current] { font-weight: inherit; }
  .who { width: 100%; margin-left: 0; justify-content: space-between; }
  .bar nav { margin: 0 -0.5rem 0 auto; }
  h1 { font-size: 1.4375rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd + dt { margin-top: 0.625rem; }
  .log > li { grid-template-columns: 1fr; }
  .narrow .actions > * { flex: 1 1 auto; }
}
@media (forced-colors: active) { .badge, .filters a[aria-current] { border: 1px solid; } }
@media print { .bar nav, .who form, .actions, .skip { display: none; } }
`;

/** Changes whenever the stylesheet does, so that browsers may keep it for ever. */
export const portalCssHash = createHash('sha256').update(portalCss).digest('hex').slice(0, 16);

/** Where the portal serves it. */
export const portalCssPath = `/assets/portal.${portalCssHash}.css`;
