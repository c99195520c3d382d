/** Jest's globalTeardown: ends the emulator that `cosmos-for-runtimes.ts` started in this process. */
export default async function cosmosTeardown(): Promise<void> {
  const { endCosmosForRuntimes } = globalThis as { endCosmosForRuntimes?: () => Promise<void> };
  await endCosmosForRuntimes?.();
}
