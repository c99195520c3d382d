import type { OnPremAdapter } from './on-prem-adapter.ts';

/** For applications without users: the allowlist alone contains a share. */
export const noUsersAdapter: OnPremAdapter = {
  hasUsers: false,
  createServiceUser: async () => {},
  deleteServiceUser: async () => {},
  authenticate: () => ({}),
  describeDashboard: async () => undefined,
};
