import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GatewayError, systemCodeOf } from '../gateway-error.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http-client.ts';
import { basicAuthorization } from './basic-authorization.ts';
import type { OnPremAdapter } from './on-prem-adapter.ts';

const dashboardSchema = z.object({
  id: z.string(),
  title: z.string(),
  path: z.string(),
  elementIds: z.array(z.number().int()),
  calls: z.array(z.unknown()),
});

function read(answer: HttpAnswer): z.infer<typeof dashboardSchema> {
  try {
    return dashboardSchema.parse(JSON.parse(answer.text));
  } catch {
    throw new GatewayError('upstream', 'The application describes its dashboard in words not known here.');
  }
}

/** Hilltop Monitor: users by its admin API, sign-in by HTTP Basic (RFC 7617). */
export function createHilltopAdapter(
  settings: { url: string; adminName: string; adminPasswordFile: string },
  http: HttpClient,
): OnPremAdapter {
  async function send(request: Omit<HttpRequest, 'url'> & { path: string }): Promise<HttpAnswer> {
    const password = await readFile(settings.adminPasswordFile, 'utf8').catch((error: unknown) => {
      throw new GatewayError(
        'config',
        `adapter.adminPasswordFile: ${settings.adminPasswordFile} cannot be read: ${systemCodeOf(error) ?? 'unknown fault'}.`,
      );
    });
    return http.send({
      ...request,
      url: new URL(request.path, settings.url),
      headers: { ...request.headers, ...basicAuthorization(settings.adminName, password.trim()) },
    });
  }

  function expectStatus(answer: HttpAnswer, what: string, allowed: readonly number[]): void {
    if (allowed.includes(answer.status)) return;
    throw new GatewayError('upstream', `The application could not ${what}: it answered ${answer.status}.`);
  }

  return {
    hasUsers: true,
    async createServiceUser({ name, password }, dashboard) {
      const strange = dashboard.items.find((item) => !/^\d{1,15}$/.test(item));
      if (strange !== undefined)
        throw new GatewayError(
          'usage',
          `Items of Hilltop Monitor are numbers of elements; ${strange} is none.`,
        );
      const answer = await send({
        method: 'POST',
        path: '/api/users',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          name,
          password,
          elementIds: dashboard.items.map(Number),
          dashboardIds: [dashboard.id],
        }),
      });
      expectStatus(answer, 'make a service user', [201, 409]);
    },
    async deleteServiceUser(name) {
      const answer = await send({ method: 'DELETE', path: `/api/users/${encodeURIComponent(name)}` });
      expectStatus(answer, 'remove a service user', [204, 404]);
    },
    async verifyAdministrator(name, password) {
      const url = new URL('/api/users', settings.url);
      const answer = await http.send({ method: 'GET', url, headers: basicAuthorization(name, password) });
      expectStatus(answer, 'check a password', [200, 401, 403]);
      return answer.status === 200;
    },
    authenticate: ({ name, password }) => basicAuthorization(name, password),
    async describeDashboard(id) {
      const answer = await send({ method: 'GET', path: `/api/dashboards/${encodeURIComponent(id)}` });
      if (answer.status === 404) return undefined;
      expectStatus(answer, 'describe the dashboard', [200]);
      const { title, path, elementIds, calls } = read(answer);
      return { id, title, entryPath: path, items: elementIds.map(String), calls };
    },
  };
}
