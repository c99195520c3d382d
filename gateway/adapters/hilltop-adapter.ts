import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GatewayError } from '../gateway-error.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http-client.ts';
import type { OnPremAdapter } from './on-prem-adapter.ts';

const dashboardSchema = z.object({
  id: z.string(),
  title: z.string(),
  path: z.string(),
  elementIds: z.array(z.number().int()),
  calls: z.array(z.unknown()),
});

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

/** Hilltop Monitor: users by its admin API, sign-in by HTTP Basic (RFC 7617). */
export function createHilltopAdapter(
  settings: { url: string; adminName: string; adminPasswordFile: string },
  http: HttpClient,
): OnPremAdapter {
  async function send(request: Omit<HttpRequest, 'url'> & { path: string }): Promise<HttpAnswer> {
    const password = (await readFile(settings.adminPasswordFile, 'utf8')).trim();
    return http.send({
      ...request,
      url: new URL(request.path, settings.url),
      headers: { ...request.headers, ...basic(settings.adminName, password) },
    });
  }

  function expectStatus(answer: HttpAnswer, what: string, allowed: readonly number[]): void {
    if (allowed.includes(answer.status)) return;
    throw new GatewayError('upstream', `The application could not ${what}: it answered ${answer.status}.`);
  }

  return {
    hasUsers: true,
    async createServiceUser({ name, password }, dashboard) {
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
    authenticate: ({ name, password }) => basic(name, password),
    async describeDashboard(id) {
      const answer = await send({ method: 'GET', path: `/api/dashboards/${encodeURIComponent(id)}` });
      if (answer.status === 404) return undefined;
      expectStatus(answer, 'describe the dashboard', [200]);
      const { title, path, elementIds, calls } = dashboardSchema.parse(JSON.parse(answer.text));
      return { id, title, entryPath: path, items: elementIds.map(String), calls };
    },
  };
}
