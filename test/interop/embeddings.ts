import type { PrivateAuthority } from '../support/private-authority.ts';
import { installNodeListener, javaListener, javaTrustStore } from './listener-programs.ts';

type Run = [string, string[], NodeJS.ProcessEnv];

/** Microsoft's listener of one language in a vendor's program. */
export interface Embedding {
  readonly name: string;
  readonly slug: string;
  /** @returns command, arguments, environment for one run */
  readonly prepare: (
    authority: PrivateAuthority,
  ) => Promise<(origin: string, ...more: string[]) => [string, string[], NodeJS.ProcessEnv]>;
}

export const embeddings: readonly Embedding[] = [
  {
    name: "Microsoft's listener for Node, hyco-https",
    slug: 'node',
    async prepare(authority) {
      const program = await installNodeListener();
      return (...args) => [process.execPath, [program, ...args], { NODE_EXTRA_CA_CERTS: authority.caFile }];
    },
  },
  // Where Maven has it not, whoever has the library names its jars here.
  ...(process.env.AZURE_RELAY_CLASSPATH === undefined
    ? []
    : [
        {
          name: "Microsoft's listener for Java, azure-relay",
          slug: 'java',
          async prepare(authority: PrivateAuthority) {
            const trust = await javaTrustStore(authority.caFile);
            const program = ['-cp', String(process.env.AZURE_RELAY_CLASSPATH), javaListener];
            return (...args: string[]) => ['java', [...trust, ...program, ...args], {}] satisfies Run;
          },
        },
      ]),
];
