import type { Random } from '../../shared/clock.ts';
import { randomText } from '../../shared/identifier.ts';
import type { DashboardReference, OnPremAdapter } from '../adapters/on-prem-adapter.ts';
import { newServiceUserPassword } from './service-user-secret.ts';

/**
 * Does something as a service user that can read one dashboard and is gone afterwards, so that a recording sees what
 * a viewer will see.
 * @throws GatewayError `upstream`, and whatever `act` throws
 */
export async function withTemporaryUser<T>(
  adapter: OnPremAdapter,
  random: Random,
  dashboard: DashboardReference,
  act: (credentials: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  if (!adapter.hasUsers) return act({});
  const user = {
    name: `record-${randomText(random, 12, '0123456789abcdefghijklmnopqrstuvwxyz')}`,
    password: newServiceUserPassword(random),
  };
  await adapter.createServiceUser(user, dashboard);
  try {
    return await act(adapter.authenticate(user));
  } finally {
    await adapter.deleteServiceUser(user.name);
  }
}
