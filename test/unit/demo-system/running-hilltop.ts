import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../shared/log.ts';
import type { GatewayAddress } from '../../../local/demo-system/gateway-client.ts';
import { startDemoSystem, type DemoSystem } from '../../../local/demo-system/demo-system.ts';

/** A moment at which all tests begin; the clock moves only when a test says so. */
export const START = Date.UTC(2026, 2, 1, 12, 0, 0);

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

export interface Asking {
  readonly method?: string;
  /** `name:password` for HTTP Basic authentication. */
  readonly as?: string;
  readonly cookie?: string;
  readonly json?: unknown;
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export interface RunningHilltop {
  readonly system: DemoSystem;
  readonly dataDir: string;
  readonly clock: { value: number };
  readonly admin: string;
  ask(path: string, asking?: Asking): Promise<Asked>;
  /** @returns the session cookie */
  signIn(name?: string, password?: string): Promise<string>;
  addUser(user: {
    name: string;
    role?: string;
    elementIds?: number[];
    dashboardIds?: string[];
  }): Promise<string>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function runHilltop(gateway?: GatewayAddress): Promise<RunningHilltop> {
  const dataDir = await mkdtemp(join(tmpdir(), 'hilltop-'));
  const clock = { value: START };
  const start = () =>
    startDemoSystem({
      port: 0,
      hostname: '127.0.0.1',
      dataDir,
      gateway,
      clock: { now: () => clock.value },
      random: { bytes: (count) => randomBytes(count) },
      log: silentLog,
      streamPace: { look: 10, heartbeat: 40 },
    });
  let system = await start();
  const ask = async (path: string, asking: Asking = {}): Promise<Asked> => {
    const { as, cookie, json, form } = asking;
    const body =
      asking.body ?? (json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json));
    const response = await fetch(system.origin + path, {
      method: asking.method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(as === undefined ? {} : { authorization: `Basic ${Buffer.from(as).toString('base64')}` }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...asking.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
    };
  };
  return {
    get system() {
      return system;
    },
    dataDir,
    clock,
    get admin() {
      return `${system.adminName}:${system.adminPassword}`;
    },
    ask,
    signIn: async (name = system.adminName, password = system.adminPassword) => {
      const { headers } = await ask('/login', { form: { name, password, next: '/dashboards' } });
      return headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    addUser: async (user) => {
      const password = 'seventeen-letters';
      await ask('/api/users', {
        as: `${system.adminName}:${system.adminPassword}`,
        json: { password, ...user },
      });
      return `${user.name}:${password}`;
    },
    restart: async () => {
      await system.close();
      system = await start();
    },
    close: async () => {
      await system.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** The hidden token of the first form of a page that has one. */
export const formTokenIn = (page: string): string => /name="token" value="([^"]+)"/.exec(page)?.[1] ?? '';
