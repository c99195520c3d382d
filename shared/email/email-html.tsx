import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { EmailBlock } from './email-blocks.ts';
import { emailColours } from './email-colours.ts';

const { light, dark } = emailColours;

/** Mail programs that know dark mode take these; the others show the inline, light colours. */
const darkMode = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background-color:${dark.page}!important}
.card{background-color:${dark.card}!important;border-color:${dark.line}!important;color:${dark.text}!important}
.text{color:${dark.text}!important}
.muted{color:${dark.muted}!important}
.link{color:${dark.link}!important}
.button{background-color:${dark.button}!important;color:${dark.buttonText}!important}
.quote{background-color:${dark.quote}!important;border-color:${dark.line}!important;color:${dark.text}!important}
}`;

const font = 'system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif';

/**
 * The HTML of an e-mail. Without images, tables, scripts or anything fetched; links only where a block of
 * kind "action" says so. Everything in the blocks is escaped.
 */
export function emailHtml(heading: string, blocks: readonly EmailBlock[], footer: string): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>{heading}</title>
        <style dangerouslySetInnerHTML={{ __html: darkMode }} />
      </head>
      <body class="page" style={{ margin: 0, padding: 0, backgroundColor: light.page, fontFamily: font }}>
        <div class="page" style={{ padding: '24px 12px', backgroundColor: light.page }}>
          <div
            class="card"
            style={{
              maxWidth: '560px',
              boxSizing: 'border-box',
              margin: '0 auto',
              padding: '28px 28px 20px',
              backgroundColor: light.card,
              border: `1px solid ${light.line}`,
              borderRadius: '10px',
              color: light.text,
              fontSize: '16px',
              lineHeight: '1.5',
              overflowWrap: 'anywhere',
            }}
          >
            <p
              class="muted"
              style={{ margin: '0 0 20px', color: light.muted, fontSize: '14px', fontWeight: 600 }}
            >
              Drawbridge
            </p>
            <h1
              class="text"
              style={{ margin: '0 0 16px', color: light.text, fontSize: '22px', lineHeight: '1.3' }}
            >
              {heading}
            </h1>
            {blocks.map(blockHtml)}
          </div>
          <p
            class="muted"
            style={{
              maxWidth: '560px',
              margin: '16px auto 0',
              color: light.muted,
              fontSize: '13px',
              lineHeight: '1.5',
              overflowWrap: 'anywhere',
            }}
          >
            {footer}
          </p>
        </div>
      </body>
    </html>
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}

function blockHtml(block: EmailBlock): JSX.Element {
  switch (block.kind) {
    case 'paragraph':
      return <p style={{ margin: '0 0 16px' }}>{block.words}</p>;
    case 'note':
      return (
        <p class="muted" style={{ margin: '0 0 12px', color: light.muted, fontSize: '14px' }}>
          {block.words}
        </p>
      );
    case 'code':
      return (
        <p
          class="quote"
          style={{
            margin: '0 0 16px',
            padding: '14px 16px',
            backgroundColor: light.quote,
            borderRadius: '8px',
            color: light.text,
            fontFamily: 'ui-monospace,Menlo,Consolas,monospace',
            fontSize: '30px',
            fontWeight: 600,
            letterSpacing: '6px',
            textAlign: 'center',
          }}
        >
          {block.code}
        </p>
      );
    case 'facts':
      return (
        <p style={{ margin: '0 0 16px' }}>
          {block.facts.map(([label, value], index) => (
            <>
              {index > 0 && <br />}
              <span class="muted" style={{ color: light.muted }}>
                {label}:
              </span>{' '}
              {value}
            </>
          ))}
        </p>
      );
    case 'quote':
      return (
        <div style={{ margin: '0 0 16px' }}>
          <p class="muted" style={{ margin: '0 0 6px', color: light.muted, fontSize: '14px' }}>
            {block.from}:
          </p>
          <blockquote
            class="quote"
            style={{
              margin: 0,
              padding: '12px 16px',
              backgroundColor: light.quote,
              borderLeft: `3px solid ${light.line}`,
              borderRadius: '4px',
              color: light.text,
            }}
          >
            {block.lines.map((line, index) => (
              <>
                {index > 0 && <br />}
                {line}
              </>
            ))}
          </blockquote>
        </div>
      );
    case 'action':
      return (
        <div style={{ margin: '24px 0' }}>
          <p style={{ margin: '0 0 12px' }}>
            <a
              class="button"
              href={block.link}
              target="_blank"
              rel="noopener"
              style={{
                display: 'inline-block',
                padding: '11px 20px',
                backgroundColor: light.button,
                borderRadius: '8px',
                color: light.buttonText,
                fontWeight: 600,
                textDecoration: 'none',
              }}
            >
              {block.label}
            </a>
          </p>
          <p class="muted" style={{ margin: 0, color: light.muted, fontSize: '14px' }}>
            Or open{' '}
            <a class="link" href={block.link} target="_blank" rel="noopener" style={{ color: light.link }}>
              {block.link}
            </a>
          </p>
        </div>
      );
  }
}
