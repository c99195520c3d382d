import type { Role } from '../organizations/organization.ts';

export const roleText: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' };
