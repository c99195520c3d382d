/**
 * The module `@azure/functions-core`, which the library `@azure/functions` requires and which the official
 * Node.js worker provides from memory. Here `core-module-hook.ts` resolves that name to this file.
 */
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';
import { workerApp, writeLog } from './worker-app.ts';

/** The worker and host whose behaviour is followed; the library asks for no more than host 4.34. */
export const version = '3.13.0';
export const hostVersion = '4.1040.0';

/** Undoes a registration, once. */
export class Disposable {
  #dispose: (() => unknown) | undefined;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  static from(...disposables: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
}

/** @throws Error when the app has started, or the name is taken */
export function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (workerApp.locked) throw systemError('A function can only be registered while the app starts.');
  const id = metadata.functionId ?? metadata.name;
  if (workerApp.functions.has(id))
    throw systemError(`A function with id "${id}" has already been registered.`);
  workerApp.functions.set(id, { metadata: { ...metadata, functionId: id }, callback });
  return new Disposable(() => {
    if (workerApp.locked) throw systemError('A function can only be disposed of while the app starts.');
    workerApp.functions.delete(id);
  });
}

/** @throws RangeError for a hook that does not exist */
export function registerHook(hookName: string, callback: HookCallback): Disposable {
  if (!isHookName(hookName)) throw systemError(`Unrecognized hook "${hookName}"`, 'RangeError');
  const hooks = workerApp.hooks[hookName];
  hooks.push(callback);
  return new Disposable(() => {
    const index = hooks.indexOf(callback);
    if (index !== -1) hooks.splice(index, 1);
  });
}

export function setProgrammingModel(model: ProgrammingModel): void {
  workerApp.programmingModel = model;
}

export function getProgrammingModel(): ProgrammingModel | undefined {
  return workerApp.programmingModel;
}

export function log(level: LogLevel, category: LogCategory, message: string): void {
  writeLog({ level, category, message });
}

function isHookName(name: string): name is HookName {
  return Object.hasOwn(workerApp.hooks, name);
}

// The library looks at both properties to tell the worker's errors from the app's.
function systemError(message: string, name = 'Error'): Error {
  return Object.assign(new Error(message), { name, isAzureFunctionsSystemError: true });
}
