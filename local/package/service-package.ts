import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

/** Bundled code calls `require` for what only the Functions worker provides; the worker patches it where it is made. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** zod brings its words in 50 languages; ours are English, and what is not loaded costs no cold start. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/**
 * An `import` of `node:http` makes Node load its WebSocket client, 20 ms of it, since a module namespace reads every
 * property; `require` does not.
 */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

const common = {
  bundle: true as const,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Names stay, so that a stack trace can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [englishOnly, builtinsByRequire],
  sourcemap: 'linked',
  metafile: true as const,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  banner: { js: banner },
  legalComments: 'linked',
  logLevel: 'warning',
} satisfies BuildOptions;

export interface Made {
  readonly folder: string;
  readonly files: number;
  /** Without source maps. */
  readonly bytes: number;
  /** The npm packages in each file, by its path in the folder. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
}

const packageOf = (input: string): string | undefined =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];

function contentsOf({ outputs }: Metafile, folder: string): Made {
  const code = Object.entries(outputs).filter(([name]) => name.endsWith('.js'));
  const packages = new Map(
    code.map(([name, { inputs }]) => [
      relative(folder, resolve(name)),
      [...new Set(Object.keys(inputs).flatMap((input) => packageOf(input) ?? []))].sort(),
    ]),
  );
  return { folder, files: code.length, bytes: code.reduce((sum, [, { bytes }]) => sum + bytes, 0), packages };
}

/**
 * The function app as it is deployed: one file that registers every function, and one for each thing that loads on
 * first use. Nothing has to be installed beside it.
 */
export async function packageService(root: string, version: string, folder: string): Promise<Made> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const functions = (await readdir(join(root, 'functions'))).filter((file) => file.endsWith('.ts')).sort();
  const { metafile } = await build({
    ...common,
    stdin: {
      contents: functions.map((file) => `import './functions/${file}';`).join('\n'),
      resolveDir: root,
      sourcefile: 'main.ts',
    },
    splitting: true,
    outdir: folder,
    entryNames: 'main',
    chunkNames: 'chunks/[name]-[hash]',
    external: ['@azure/functions-core'],
  });
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'drawbridge', version, private: true, type: 'module', main: 'main.js' }, null, 2)}\n`,
  );
  await cp(join(root, 'host.json'), join(folder, 'host.json'));
  return contentsOf(metafile, folder);
}

/** The gateway as one program; `record` also needs Playwright, which npm installs beside it. */
export async function packageGateway(
  root: string,
  version: string,
  folder: string,
  playwright: string,
): Promise<Made> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    ...common,
    entryPoints: { 'drawbridge-gateway': join(root, 'gateway/cli.ts') },
    splitting: true,
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['playwright-core'],
  });
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify(
      {
        name: 'drawbridge-gateway',
        version,
        description: 'The Drawbridge gateway: shows chosen dashboards to people outside, outbound only.',
        license: 'UNLICENSED',
        type: 'module',
        bin: { 'drawbridge-gateway': 'drawbridge-gateway.js' },
        engines: { node: '>=24' },
        optionalDependencies: { 'playwright-core': playwright },
      },
      null,
      2,
    )}\n`,
  );
  return contentsOf(metafile, folder);
}
