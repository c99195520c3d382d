import type { User } from './user-store.ts';

/** Who may do what. A viewer reads what is listed for them; nobody else is limited in reading. */

type Reader = Pick<User, 'role' | 'elementIds' | 'dashboardIds'>;

export const mayReadElement = (user: Reader, elementId: number): boolean =>
  user.role !== 'viewer' || user.elementIds.includes(elementId);

export const mayReadDashboard = (user: Reader, dashboardId: string): boolean =>
  user.role !== 'viewer' || user.dashboardIds.includes(dashboardId);

export const mayShare = (user: Reader): boolean => user.role !== 'viewer';

export const mayAdminister = (user: Reader): boolean => user.role === 'admin';
