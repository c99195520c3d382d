import {
  SpanStatusCode,
  context,
  metrics,
  trace,
  TraceFlags,
  type Counter,
  type Gauge,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  TraceIdRatioBasedSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { second } from '../clock.ts';
import { measureNames, metricNames, type MeasureName, type MetricName, type Telemetry } from './telemetry.ts';
import type { TraceContext } from './trace-context.ts';

export interface TelemetrySettings {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: a collector that takes OTLP over HTTP. */
  readonly otlpEndpoint: string | undefined;
  /** `APPLICATIONINSIGHTS_CONNECTION_STRING`: Azure Monitor, as the managed identity. */
  readonly connectionString: string | undefined;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. */
  readonly clientId: string | undefined;
  /** `OTEL_TRACES_SAMPLER_ARG`: which part of the traces is told, 0 to 1. All hosts choose the same ones. */
  readonly ratio: number;
}

interface Exporters {
  readonly spans: SpanExporter;
  readonly metrics: PushMetricExporter;
}

const exportEvery = 10 * second;
const exportWithin = 5 * second;

async function otlp(endpoint: string): Promise<Exporters> {
  const [{ OTLPTraceExporter }, { OTLPMetricExporter }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
  ]);
  const url = (path: string) => `${endpoint.replace(/\/$/, '')}${path}`;
  return {
    spans: new OTLPTraceExporter({ url: url('/v1/traces'), timeoutMillis: exportWithin }),
    metrics: new OTLPMetricExporter({ url: url('/v1/metrics'), timeoutMillis: exportWithin }),
  };
}

async function azureMonitor(connectionString: string, clientId: string | undefined): Promise<Exporters> {
  const [{ AzureMonitorTraceExporter, AzureMonitorMetricExporter }, { ManagedIdentityCredential }] =
    await Promise.all([import('@azure/monitor-opentelemetry-exporter'), import('@azure/identity')]);
  const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  // Nothing is kept on the disk of the host: what cannot be handed over is lost.
  const options = { connectionString, credential, disableOfflineStorage: true };
  return {
    spans: new AzureMonitorTraceExporter(options),
    metrics: new AzureMonitorMetricExporter(options),
  };
}

/**
 * Traces and metrics by OpenTelemetry, to each place that is set. Loaded only where one is.
 * Errors of exporters are the SDK's to retry and drop; none reaches a request.
 */
export async function openTelemetry(settings: TelemetrySettings): Promise<Telemetry> {
  const { otlpEndpoint, connectionString, clientId, ratio } = settings;
  const places = await Promise.all([
    ...(otlpEndpoint === undefined ? [] : [otlp(otlpEndpoint)]),
    ...(connectionString === undefined ? [] : [azureMonitor(connectionString, clientId)]),
  ]);
  const resource = resourceFromAttributes({ 'service.name': 'drawbridge' });
  const tracing = new NodeTracerProvider({
    resource,
    // By the trace's id alone: the front end has an opinion of its own on what to sample.
    sampler: new TraceIdRatioBasedSampler(ratio),
    spanProcessors: places.map(
      ({ spans }) =>
        new BatchSpanProcessor(spans, { scheduledDelayMillis: second, exportTimeoutMillis: exportWithin }),
    ),
  });
  tracing.register();
  const metering = new MeterProvider({
    resource,
    readers: places.map(
      ({ metrics: exporter }) =>
        new PeriodicExportingMetricReader({
          exporter,
          exportIntervalMillis: exportEvery,
          exportTimeoutMillis: exportWithin,
        }),
    ),
  });
  metrics.setGlobalMeterProvider(metering);
  const tracer = trace.getTracer('drawbridge');
  const meter = metering.getMeter('drawbridge');
  const counters = Object.fromEntries(metricNames.map((name) => [name, meter.createCounter(name)])) as Record<
    MetricName,
    Counter
  >;
  const gauges = Object.fromEntries(
    measureNames.map((name) => [name, meter.createGauge(name, { unit: 's' })]),
  ) as Record<MeasureName, Gauge>;
  const within = (parent: TraceContext | undefined) =>
    parent === undefined
      ? context.active()
      : trace.setSpanContext(context.active(), {
          ...parent,
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        });

  return {
    span: (name, attributes, work, parent) =>
      tracer.startActiveSpan(name, { attributes }, within(parent), async (span) => {
        try {
          return await work({ set: (more) => void span.setAttributes(more) });
        } catch (error) {
          // The message may hold anything; its kind does not.
          const kind = error instanceof Error ? error.name : 'Error';
          span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
          throw error;
        } finally {
          span.end();
        }
      }),
    context() {
      const under = trace.getActiveSpan()?.spanContext();
      return under && { traceId: under.traceId, spanId: under.spanId };
    },
    count: (metric, attributes) => counters[metric].add(1, attributes),
    measure: (name, value) => gauges[name].record(value),
    quietly: (work) => context.with(suppressTracing(context.active()), work),
    async close() {
      await Promise.allSettled([tracing.shutdown(), metering.shutdown()]);
    },
  };
}
