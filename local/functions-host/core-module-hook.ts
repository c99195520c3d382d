import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Makes `@azure/functions-core` resolve to the module beside this file, for `require` and `import` alike.
 * It must happen before the library first asks, because the library remembers a failure.
 * @returns a function that undoes it
 */
export function provideCoreModule(): () => void {
  const core = new URL(import.meta.url);
  core.pathname = core.pathname.replace(/core-module-hook(?=\.[a-z]+$)/, 'functions-core');
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@azure/functions-core'
        ? { url: core.href, shortCircuit: true }
        : next(specifier, context),
  });
  return () => {
    hooks.deregister();
  };
}

/** Runs a file of the function app for what it registers. */
export async function importEntryPoint(file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    throw new Error(`The functions in "${file}" could not be loaded: ${String(error)}`, { cause: error });
  }
}
