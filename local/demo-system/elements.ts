/** What Hilltop Monitor watches: twelve elements of a broadcaster's plant. */

export type ElementKind = 'transmitter' | 'router' | 'encoder' | 'ups' | 'sensor';

export const SEVERITIES = ['critical', 'major', 'minor', 'warning'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly decimals: number;
  /** The value drifts within center - spread to center + spread while nothing is wrong. */
  readonly center: number;
  readonly spread: number;
  readonly min: number;
  readonly max: number;
}

/** Something that goes wrong now and then, raises an alarm and may move a parameter. */
export interface Fault {
  readonly code: string;
  readonly severity: Severity;
  readonly text: string;
  /** Seconds: at most one occurrence in each such span. */
  readonly span: number;
  /** Part of the spans in which it happens, 0 to 1. */
  readonly likelihood: number;
  /** Seconds: shortest and longest occurrence. */
  readonly lasts: readonly [number, number];
  readonly effect?: { readonly parameter: string; readonly by: number };
}

export interface MonitoredElement {
  readonly id: number;
  readonly name: string;
  readonly kind: ElementKind;
  readonly place: string;
  readonly parameters: readonly Parameter[];
  readonly faults: readonly Fault[];
}

const parameter = (
  name: string,
  label: string,
  unit: string,
  decimals: number,
  [center, spread, min, max]: readonly [number, number, number, number],
): Parameter => ({ name, label, unit, decimals, center, spread, min, max });

const fault = (
  code: string,
  severity: Severity,
  text: string,
  [span, likelihood, shortest, longest]: readonly [number, number, number, number],
  effect?: Fault['effect'],
): Fault => ({
  code,
  severity,
  text,
  span,
  likelihood,
  lasts: [shortest, longest],
  ...(effect ? { effect } : {}),
});

function transmitter(id: number, name: string, power: number): MonitoredElement {
  return {
    id,
    name,
    kind: 'transmitter',
    place: 'Hilltop North',
    parameters: [
      parameter('power', 'Output power', 'kW', 2, [power, power * 0.035, 0, power * 1.2]),
      parameter('temperature', 'Temperature', '°C', 1, [41 + (id % 3) * 1.5, 3.5, 5, 95]),
      parameter('reflected', 'Reflected power', 'W', 0, [14, 5, 0, 400]),
      parameter('mer', 'Modulation error ratio', 'dB', 1, [36, 1.2, 0, 45]),
    ],
    faults: [
      fault('power-low', 'major', 'Output power below 92 % of nominal', [240, 0.5, 25, 70], {
        parameter: 'power',
        by: power * -0.12,
      }),
      fault(
        'power-fail',
        'critical',
        'Final amplifier stage failed, running on reserve',
        [1500, 0.5, 25, 60],
        {
          parameter: 'power',
          by: power * -0.48,
        },
      ),
      fault('amplifier-hot', 'minor', 'Amplifier temperature above 50 °C', [170, 0.65, 30, 80], {
        parameter: 'temperature',
        by: 13,
      }),
      fault('input-switched', 'warning', 'Input switched to the backup feed', [130, 0.65, 20, 60]),
    ],
  };
}

function router(id: number, name: string, throughput: number): MonitoredElement {
  return {
    id,
    name,
    kind: 'router',
    place: 'Headend, rack 2',
    parameters: [
      parameter('throughput', 'Throughput', 'Gbit/s', 2, [throughput, throughput * 0.22, 0, 100]),
      parameter('cpu', 'Processor load', '%', 0, [38, 8, 0, 100]),
      parameter('loss', 'Packet loss', 'ppm', 0, [3, 3, 0, 10_000]),
    ],
    faults: [
      fault('cpu-high', 'minor', 'Processor load above 70 %', [240, 0.6, 25, 80], {
        parameter: 'cpu',
        by: 42,
      }),
      fault('link-down', 'major', 'Uplink 2 down, traffic moved to uplink 1', [600, 0.6, 30, 90], {
        parameter: 'throughput',
        by: throughput * -0.3,
      }),
    ],
  };
}

function encoder(id: number, name: string, bitrate: number): MonitoredElement {
  return {
    id,
    name,
    kind: 'encoder',
    place: 'Headend, rack 5',
    parameters: [
      parameter('bitrate', 'Video bit rate', 'Mbit/s', 2, [bitrate, bitrate * 0.18, 0, 60]),
      parameter('loudness', 'Loudness', 'LUFS', 1, [-23, 1.1, -70, 0]),
      parameter('queue', 'Frames in queue', '', 0, [4, 3, 0, 250]),
    ],
    faults: [
      fault('loudness', 'warning', 'Loudness outside EBU R 128 for 10 s', [160, 0.6, 20, 50], {
        parameter: 'loudness',
        by: 4.5,
      }),
      fault('bitrate-low', 'major', 'Bit rate too low for the statistical multiplex', [420, 0.5, 25, 70], {
        parameter: 'bitrate',
        by: bitrate * -0.45,
      }),
      fault('no-input', 'critical', 'Video input missing, slate on air', [2100, 0.5, 15, 40], {
        parameter: 'bitrate',
        by: bitrate * -0.8,
      }),
    ],
  };
}

function ups(id: number, name: string, place: string): MonitoredElement {
  return {
    id,
    name,
    kind: 'ups',
    place,
    parameters: [
      parameter('load', 'Load', '%', 1, [47, 7, 0, 120]),
      parameter('charge', 'Battery charge', '%', 0, [99, 1, 0, 100]),
      parameter('input', 'Input voltage', 'V', 1, [231, 3, 0, 280]),
    ],
    faults: [
      fault('on-battery', 'critical', 'Mains lost, running on battery', [1900, 0.5, 20, 50], {
        parameter: 'charge',
        by: -24,
      }),
      fault('load-high', 'minor', 'Load above 70 %', [300, 0.6, 25, 80], { parameter: 'load', by: 32 }),
      fault('self-test', 'warning', 'Battery self-test running', [240, 0.6, 25, 60]),
    ],
  };
}

function sensor(id: number, name: string, place: string, temperature: number): MonitoredElement {
  return {
    id,
    name,
    kind: 'sensor',
    place,
    parameters: [
      parameter('temperature', 'Air temperature', '°C', 1, [temperature, 1.4, -20, 70]),
      parameter('humidity', 'Relative humidity', '%', 0, [44, 5, 0, 100]),
    ],
    faults: [
      fault('hot', 'major', 'Air temperature above the limit', [420, 0.6, 30, 90], {
        parameter: 'temperature',
        by: 7.5,
      }),
      fault('filter', 'warning', 'Air filter is due for replacement', [260, 0.7, 40, 120]),
    ],
  };
}

export const ELEMENTS: readonly MonitoredElement[] = [
  transmitter(101, 'North TX1 · DVB-T2 multiplex A', 2.4),
  transmitter(102, 'North TX2 · DVB-T2 multiplex B', 2.4),
  transmitter(103, 'North TX3 · FM 98.4 MHz', 5),
  router(201, 'Core router 1', 7.4),
  router(202, 'Core router 2', 6.1),
  encoder(301, 'Encoder 1 · News HD', 6.8),
  encoder(302, 'Encoder 2 · Sport UHD', 18.5),
  encoder(303, 'Encoder 3 · Regional HD', 6.2),
  ups(401, 'UPS Headend', 'Headend, battery room'),
  ups(402, 'UPS North', 'Hilltop North, container'),
  sensor(501, 'Headend air', 'Headend, aisle 1', 22.5),
  sensor(502, 'Transmitter hall air', 'Hilltop North, hall', 27),
];

const byId = new Map(ELEMENTS.map((element) => [element.id, element]));

export const findElement = (id: number): MonitoredElement | undefined => byId.get(id);

export const findParameter = (element: MonitoredElement, name: string): Parameter | undefined =>
  element.parameters.find((candidate) => candidate.name === name);
