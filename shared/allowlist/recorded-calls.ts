import type { HarEntry } from './har.ts';
import type { IgnoredCall, Recording } from './inference.ts';
import { Refused } from './refused.ts';
import { parseRequest } from './request-parse.ts';
import type { RawRequest } from './request.ts';
import { takeApart, type Sample } from './sample.ts';

/** Sorts the recorded calls into those to make rules for and those to ignore. */
export function readCalls({ hars, origin, entryPath }: Recording): {
  samples: Sample[];
  ignored: IgnoredCall[];
} {
  const samples: Sample[] = [];
  const ignored: IgnoredCall[] = [];
  for (const [har, { entries }] of hars.entries()) {
    for (const entry of entries) {
      const read = readCall(entry, har, new URL(origin).origin);
      if (read === undefined) continue;
      if ('why' in read) ignored.push(read);
      else samples.push(read);
    }
  }
  const entry = { method: 'GET', target: entryPath.replace(/#.*$/s, '') };
  const at = samples[0]?.at ?? 0;
  const opened = readRequest(entry, `${origin}${entryPath}`, 0, at);
  if ('why' in opened) ignored.push(opened);
  else samples.unshift(opened);
  return { samples, ignored };
}

function readCall(entry: HarEntry, har: number, origin: string): Sample | IgnoredCall | undefined {
  const { url, method, contentType, body, startedAt } = entry;
  if (/^(?:data|blob|about|chrome|chrome-extension|devtools|file):/i.test(url)) return undefined;
  if (!URL.canParse(url)) return { url, why: 'the address cannot be read' };
  const parsed = new URL(url);
  if (/^wss?:$/.test(parsed.protocol)) return { url, why: 'WebSocket connections cannot be shared yet' };
  if (parsed.origin !== origin) return { url, why: `it belongs to another origin than ${origin}` };
  if (entry.bodyLeftOut) return { url, why: 'the recording leaves out its body; record with bodies' };
  // The address as the browser sent it; `URL` might have changed its path.
  const target = /^[a-z]+:\/\/[^/?#]*([^#]*)/is.exec(url)?.[1] ?? '';
  const raw: RawRequest = {
    method: method.toUpperCase(),
    target: target.startsWith('/') ? target : `/${target}`,
    contentType,
    body: body === undefined ? undefined : Buffer.from(body, 'utf8'),
  };
  return readRequest(raw, url, har, startedAt);
}

function readRequest(raw: RawRequest, url: string, har: number, at: number): Sample | IgnoredCall {
  try {
    const sample = readSample(raw, har, at);
    const why = whyNever(sample);
    return why === undefined ? sample : { url, why };
  } catch (error) {
    if (error instanceof Refused) return { url, why: `it cannot be shared: ${error.message}` };
    throw error;
  }
}

/**
 * Takes one call apart.
 * @param at when it was made, Unix milliseconds
 * @throws Refused when it has no single meaning
 */
export function readSample(raw: RawRequest, har: number, at: number): Sample {
  const { contentType } = raw;
  const recorded = { har, at, request: parseRequest(raw), plus: plusNames(raw) };
  return takeApart(contentType === undefined ? recorded : { ...recorded, contentType });
}

/** Why no rule is ever made for a call, though it can be read. */
export function whyNever({ request, fields }: Sample): string | undefined {
  if (request.path[0] === '.drawbridge') return 'this path belongs to the service';
  if ([...fields.keys()].some(isPassword)) return 'it carries a password; the gateway signs in by itself';
  return undefined;
}

const isPassword = (place: string) =>
  /^(?:query|form|json) .*(?:passw(?:or)?d|passphrase|passcode|(?:^|[ /_.-])pwd(?:$|[ /_.-])|client_?secret)/i.test(
    place,
  );

/** Names of parameters whose values were written with `+` for a space. */
function plusNames({ target, body, contentType }: RawRequest): Set<string> {
  const query = target.slice(target.indexOf('?') + 1);
  const form =
    contentType?.includes('urlencoded') === true && body !== undefined ? Buffer.from(body).toString() : '';
  const pieces = (text: string, place: string) =>
    text
      .split('&')
      .filter((piece) => piece.slice(piece.indexOf('=')).includes('+'))
      .map((piece) => `${place} ${[...new URLSearchParams(piece).keys()].join('')}`);
  return new Set([...(target.includes('?') ? pieces(query, 'query') : []), ...pieces(form, 'form')]);
}
