import { z } from 'zod';
import { forCaller, requireAdmin } from './access.ts';
import { ADMIN_NAME } from './admin-account.ts';
import { findDashboard } from './dashboards.ts';
import { findElement } from './elements.ts';
import { json, noContent, type Route } from './exchange.ts';
import type { Hilltop } from './hilltop.ts';
import { HttpError } from './http-error.ts';
import { hashPassword } from './passwords.ts';
import { readJson } from './request-body.ts';
import type { User } from './user-store.ts';

const newUserSchema = z.strictObject({
  // No colon: HTTP Basic could not tell where such a name ends (RFC 7617 section 2).
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,79}$/, 'letters, digits, dots, dashes; at most 80'),
  password: z.string().min(12).max(200),
  role: z.enum(['operator', 'viewer']).default('viewer'),
  elementIds: z
    .array(z.int().refine((id) => findElement(id) !== undefined, 'there is no such element'))
    .max(1000)
    .default([]),
  dashboardIds: z
    .array(z.string().refine((id) => findDashboard(id) !== undefined, 'there is no such dashboard'))
    .max(1000)
    .default([]),
});

const publicUser = ({ name, role, elementIds, dashboardIds, createdAt }: User) => ({
  name,
  role,
  elementIds,
  dashboardIds,
  createdAt: new Date(createdAt).toISOString(),
});

/** The admin API by which other programs make and remove users. */
export const userRoutes = ({ users, signIn, random, log }: Hilltop): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/users',
    answer: forCaller(async ({ caller }) => {
      requireAdmin(caller);
      return json({ users: users.list().map(publicUser) });
    }),
  },
  {
    method: 'POST',
    path: '/api/users',
    answer: forCaller(async ({ caller, request }) => {
      requireAdmin(caller);
      const { password, ...wanted } = await readJson(request, newUserSchema);
      const added = await users.add({ ...wanted, password: await hashPassword(password, random) });
      const user = users.find(wanted.name);
      if (!added || !user) throw new HttpError('nameTaken');
      log.info('user added', { name: user.name, role: user.role, by: caller.user.name });
      return json(publicUser(user), 201);
    }),
  },
  {
    method: 'DELETE',
    path: '/api/users/:name',
    answer: forCaller(async ({ caller, params }) => {
      requireAdmin(caller);
      const name = params.name ?? '';
      if (name === ADMIN_NAME) throw new HttpError('adminStays');
      if (!(await users.remove(name))) throw new HttpError('notFound', 'There is no user of that name.');
      signIn.forget(name);
      log.info('user removed', { name, by: caller.user.name });
      return noContent;
    }),
  },
];
