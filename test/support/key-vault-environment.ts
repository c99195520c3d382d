import type { Clock } from '../../shared/clock.ts';
import { startLoopbackKeyVault } from './loopback-key-vault.ts';
import { trustTestAuthority } from './test-authority.ts';

/** A loopback vault that the SDKs in this process find by their usual settings, until it is closed. */
export async function keyVaultEnvironment(clock: Clock) {
  const vault = await startLoopbackKeyVault(clock);
  const before = { ...process.env };
  Object.assign(process.env, vault.settings);
  const distrust = trustTestAuthority();
  return {
    vault,
    close: async () => {
      distrust();
      for (const name of Object.keys(vault.settings)) {
        delete process.env[name];
        if (before[name] !== undefined) process.env[name] = before[name];
      }
      await vault.close();
    },
  };
}

export type KeyVaultEnvironment = Awaited<ReturnType<typeof keyVaultEnvironment>>;
