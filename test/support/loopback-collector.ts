import { createServer } from 'node:http';
import { listenOnLoopback } from './loopback-listen.ts';

interface OtlpAttribute {
  readonly key: string;
  readonly value: Record<string, unknown>;
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly OtlpAttribute[];
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpMetrics {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

/** Takes OTLP over HTTP as JSON, and keeps it. */
export async function startLoopbackCollector() {
  const spans: OtlpSpan[] = [];
  const metricNames = new Set<string>();
  let everything = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      everything += `${request.url} ${text}\n`;
      if (request.url === '/v1/traces') {
        const { resourceSpans } = JSON.parse(text) as OtlpTraces;
        spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      } else {
        const { resourceMetrics } = JSON.parse(text) as OtlpMetrics;
        for (const { scopeMetrics } of resourceMetrics)
          for (const { metrics } of scopeMetrics) for (const { name } of metrics) metricNames.add(name);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  const { port, close } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    metricNames,
    /** All that was sent, as it came. */
    everything: () => everything,
    close,
  };
}
