import { silentLog, type Log } from '../../shared/log.ts';
import type {
  HookCallback,
  HookData,
  HookName,
  LogCategory,
  LogLevel,
  ProgrammingModel,
  RegisteredFunction,
} from './core-types.ts';

/**
 * What the function app has told the worker. There is one for each process, because the library keeps its
 * own part of this state in module variables.
 */
export interface WorkerApp {
  readonly functions: Map<string, RegisteredFunction>;
  readonly hooks: Readonly<Record<HookName, HookCallback[]>>;
  /** Shared by all hooks. */
  readonly appHookData: HookData;
  /** Shared by the hooks appStart, appTerminate and log. */
  readonly appLevelHookData: HookData;
  programmingModel: ProgrammingModel | undefined;
  /** Set once the functions are known; registering is refused from then on. */
  locked: boolean;
  log: Log;
}

export const workerApp: WorkerApp = {
  functions: new Map(),
  hooks: { preInvocation: [], postInvocation: [], appStart: [], appTerminate: [], log: [] },
  appHookData: {},
  appLevelHookData: {},
  programmingModel: undefined,
  locked: false,
  log: silentLog,
};

/** Runs the hooks of one kind in the order of their registration; the first that throws stops the rest. */
export async function runHooks(hook: HookName, context: Parameters<HookCallback>[0]): Promise<void> {
  for (const callback of workerApp.hooks[hook]) await callback(context);
}

/** Passes a message of the app or the library to the log hooks and then to the log. */
export function writeLog(
  entry: { level: LogLevel; category: LogCategory; message: string; invocationContext?: unknown },
  fields: { function?: string; invocation?: string } = {},
): void {
  const hookContext = {
    ...entry,
    hookData: workerApp.appLevelHookData,
    appHookData: workerApp.appHookData,
  };
  for (const callback of workerApp.hooks.log) void callback(hookContext);
  const { level, category, message } = hookContext;
  if (category === 'customMetric' || level === 'none') return;
  const event = category === 'user' ? 'function.log' : 'functions-library.log';
  if (level === 'error' || level === 'critical') workerApp.log.error(event, { ...fields, message });
  else if (level === 'warning') workerApp.log.warn(event, { ...fields, message });
  else if (level === 'information' && category === 'user') workerApp.log.info(event, { ...fields, message });
}
