import { once } from './intern.ts';
import type { MatchContext } from './match-context.ts';
import type { Parameters } from './parameter-parse.ts';
import { encodeParameter } from './percent.ts';
import type { Parameter } from './rule.ts';
import { matchText, type TextMatch } from './text-match.ts';

/** Gives the query or form to write, in the rule's order, or undefined when the parameters do not fit. */
export type ParametersMatch = (parameters: Parameters, context: MatchContext) => string | undefined;

interface Step {
  readonly name: string;
  readonly optional: boolean;
  readonly write: (value: string | readonly string[], context: MatchContext) => string | undefined;
}

/** Makes a list of parameters ready for matching; what is not named is refused. */
export const matchParameters: (list: readonly Parameter[]) => ParametersMatch = once(makeParametersMatch);

function makeParametersMatch(list: readonly Parameter[]): ParametersMatch {
  const lone = list.find((parameter) => parameter.name === '');
  const writeLone = lone === undefined ? undefined : loneWriter(lone);
  const steps = list.filter((parameter) => parameter !== lone).map(stepOf);
  return (parameters, context) => {
    const { values } = parameters;
    let text = '';
    let seen = 0;
    for (const step of steps) {
      const value = values.get(step.name);
      if (value === undefined) {
        if (step.optional) continue;
        return undefined;
      }
      const written = step.write(value, context);
      if (written === undefined) return undefined;
      text += seen++ === 0 ? written : `&${written}`;
    }
    if (writeLone === undefined) return seen === values.size ? text : undefined;
    if (seen === values.size && lone?.optional === true) return text;
    if (seen !== values.size - 1) return undefined;
    const written = writeLone(parameters, steps, context);
    return written === undefined ? undefined : text + (seen === 0 ? '' : '&') + written;
  };
}

const stepOf = once(makeStep);

function makeStep({ name, value, values, each, ...flags }: Parameter): Step {
  const [optional, bare, plus] = [flags.optional === true, flags.bare === true, flags.plus === true];
  const start = encodeParameter(name) + (bare ? '' : '=');
  const write = (text: string) => (bare ? start : start + encodeParameter(text, plus));
  if (typeof value === 'string') {
    const written = write(value);
    return { name, optional, write: (received) => (received === value ? written : undefined) };
  }
  if (value !== undefined) return { name, optional, write: writeOne(matchText(value), write) };
  const matches = (values ?? []).map(matchText);
  const match = each === undefined ? undefined : matchText(each.value);
  const [min, max] = each === undefined ? [matches.length, matches.length] : [each.min, each.max];
  return {
    name,
    optional,
    write: (received, context) => {
      const list = typeof received === 'string' ? [received] : received;
      if (list.length < min || list.length > max) return undefined;
      const pieces: string[] = [];
      for (const [at, text] of list.entries()) {
        const written = (match ?? matches[at])?.(text, context);
        if (written === undefined) return undefined;
        pieces.push(write(written));
      }
      return pieces.join('&');
    },
  };
}

function writeOne(match: TextMatch, write: (text: string) => string): Step['write'] {
  return (received, context) => {
    if (typeof received !== 'string') return undefined;
    const written = match(received, context);
    return written === undefined ? undefined : write(written);
  };
}

/** The one piece without `=` that no other parameter names: its text is the value. */
function loneWriter({ value, plus }: Parameter) {
  const match = matchText(value ?? '');
  return ({ values, bare }: Parameters, steps: readonly Step[], context: MatchContext) => {
    if (bare === undefined) return undefined;
    const left = Array.from(values.keys()).find((name) => !steps.some((step) => step.name === name));
    if (left === undefined || !bare.has(left) || typeof values.get(left) !== 'string') return undefined;
    const written = match(left, context);
    return written === undefined ? undefined : encodeParameter(written, plus === true);
  };
}
