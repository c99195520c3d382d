import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GatewayError, systemCodeOf } from '../gateway-error.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http-client.ts';
import { basicAuthorization } from './basic-authorization.ts';
import type { OnPremAdapter } from './on-prem-adapter.ts';

/** Shown by the management plugin to its own users, without rights over the broker. */
const userTag = 'management';
/** A regular expression that no resource's name matches but the empty one: may look, and touch nothing. */
const nothing = '^$';

const whoamiSchema = z.object({ tags: z.union([z.array(z.string()), z.string()]) });

function tagsOf({ text }: HttpAnswer): readonly string[] {
  try {
    const { tags } = whoamiSchema.parse(JSON.parse(text));
    // Before 3.8 one text with commas.
    return typeof tags === 'string' ? tags.split(',') : tags;
  } catch {
    throw new GatewayError('upstream', 'RabbitMQ describes its user in words not known here.');
  }
}

/**
 * RabbitMQ with its management plugin: users and permissions by its HTTP API, sign-in by HTTP Basic (RFC 7617).
 * The items of a dashboard are names of virtual hosts, the narrowest thing that RabbitMQ lets a user see alone.
 */
export function createRabbitmqAdapter(
  settings: { url: string; adminName: string; adminPasswordFile: string },
  http: HttpClient,
): OnPremAdapter {
  async function send(
    method: 'GET' | 'PUT' | 'DELETE',
    path: readonly string[],
    body?: unknown,
  ): Promise<HttpAnswer> {
    const password = await readFile(settings.adminPasswordFile, 'utf8').catch((error: unknown) => {
      throw new GatewayError(
        'config',
        `adapter.adminPasswordFile: ${settings.adminPasswordFile} cannot be read: ${systemCodeOf(error) ?? 'unknown fault'}.`,
      );
    });
    const request: HttpRequest = {
      method,
      url: new URL(`/api/${path.map(encodeURIComponent).join('/')}`, settings.url),
      headers: {
        ...basicAuthorization(settings.adminName, password.trim()),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    return http.send(request);
  }

  function expectStatus(answer: HttpAnswer, what: string, allowed: readonly number[]): void {
    if (allowed.includes(answer.status)) return;
    throw new GatewayError('upstream', `RabbitMQ could not ${what}: it answered ${answer.status}.`);
  }

  return {
    hasUsers: true,
    async createServiceUser({ name, password }, { items }) {
      if (items.length === 0) {
        throw new GatewayError(
          'usage',
          'Name the virtual hosts that the dashboard shows, with --item: a service user sees those and no others.',
        );
      }
      for (const vhost of items) {
        const found = await send('GET', ['vhosts', vhost]);
        if (found.status === 404)
          throw new GatewayError('usage', `RabbitMQ has no virtual host ${JSON.stringify(vhost)}.`);
        expectStatus(found, 'look up a virtual host', [200]);
      }
      const made = await send('PUT', ['users', name], { password, tags: userTag });
      expectStatus(made, 'make a service user', [201, 204]);
      for (const vhost of items) {
        const rights = { configure: nothing, write: nothing, read: nothing };
        const given = await send('PUT', ['permissions', vhost, name], rights);
        expectStatus(given, 'give the service user its rights', [201, 204]);
      }
    },
    async deleteServiceUser(name) {
      expectStatus(await send('DELETE', ['users', name]), 'remove a service user', [204, 404]);
    },
    async verifyAdministrator(name, password) {
      const url = new URL('/api/whoami', settings.url);
      const answer = await http.send({ method: 'GET', url, headers: basicAuthorization(name, password) });
      expectStatus(answer, 'check a password', [200, 401]);
      return answer.status === 200 && tagsOf(answer).includes('administrator');
    },
    authenticate: ({ name, password }) => basicAuthorization(name, password),
    describeDashboard: async () => undefined,
  };
}
