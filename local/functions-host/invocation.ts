import type {
  CoreInvocationContext,
  InvocationModel,
  InvocationRequest,
  RegisteredFunction,
} from './core-types.ts';
import { runHooks, workerApp, writeLog } from './worker-app.ts';

/** One run of a function, in the steps of the official worker. */
export interface Invocation {
  readonly registered: RegisteredFunction;
  readonly request: InvocationRequest;
  /** Whether the library has to answer an HTTP request with the result. */
  readonly answersHttp: boolean;
}

/** Thrown when an HTTP function returns nothing: the library then leaves the request without an answer. */
export class NoResponseError extends Error {
  override name = 'NoResponseError';
}

/**
 * Arguments, preInvocation hooks, the handler, postInvocation hooks, response: the order in which the
 * official worker calls the library.
 * @throws whatever the library, a hook or the handler threw
 */
export async function invoke({ registered, request, answersHttp }: Invocation): Promise<void> {
  const core = coreContext(registered, request);
  const { programmingModel } = workerApp;
  if (programmingModel === undefined) throw new Error('The app has not set its programming model.');
  const model = await programmingModel.getInvocationModel(core);
  let context: unknown = { invocationId: request.invocationId, extraOutputs: new Map() };
  try {
    const given = await model.getArguments();
    context = given.context;
    const result = await invokeBetweenHooks({ core, model, context, inputs: given.inputs, registered });
    if (answersHttp && (result === undefined || result === null)) throw new NoResponseError('no response');
    await model.getResponse(context, result);
  } catch (error) {
    if (answersHttp) await forgetResponse(model, context);
    throw error;
  }
}

async function invokeBetweenHooks(step: {
  core: CoreInvocationContext;
  model: InvocationModel;
  context: unknown;
  inputs: unknown[];
  registered: RegisteredFunction;
}): Promise<unknown> {
  const { core, model, context, registered } = step;
  const hookBase = {
    hookData: {},
    appHookData: workerApp.appHookData,
    invocationContext: context,
  };
  const before = { ...hookBase, inputs: step.inputs, functionCallback: registered.callback };
  core.state = 'preInvocationHooks';
  await runHooks('preInvocation', before);
  const after: typeof hookBase & { inputs: unknown[]; result: unknown; error: unknown } = {
    ...hookBase,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  core.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('the function threw nothing');
  }
  core.state = 'postInvocationHooks';
  await runHooks('postInvocation', after);
  core.state = undefined;
  if (after.error !== null && after.error !== undefined) throw asError(after.error);
  return after.result;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error('The function threw what is no error.', { cause: thrown });
}

// The library keeps the response object of every proxied request until it answers on it, so a failed
// invocation would stay in its memory for ever.
async function forgetResponse(model: InvocationModel, context: unknown): Promise<void> {
  try {
    await model.getResponse(context, { status: 500 });
  } catch {
    // It had begun to answer, so it holds nothing.
  }
}

function coreContext(registered: RegisteredFunction, request: InvocationRequest): CoreInvocationContext {
  return {
    invocationId: request.invocationId,
    request,
    metadata: registered.metadata,
    log: (level, category, message) => {
      writeLog(
        { level, category, message },
        { function: registered.metadata.name, invocation: request.invocationId },
      );
    },
  };
}
