import type { InputHTMLAttributes } from 'preact';

/** Messages by field name; the empty name is for what belongs to no field. */
export type FieldErrors = Readonly<Record<string, string>>;

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value?: string | undefined;
  readonly errors?: FieldErrors | undefined;
  /** Distinguishes fields of one name on one page. */
  readonly idPrefix?: string;
  readonly input?: InputHTMLAttributes;
}

/** A labelled text field, with its hint and its error read out together with it. */
export function Field({ name, label, hint, value, errors, idPrefix = '', input }: FieldProps) {
  const id = fieldId(name, idPrefix);
  const error = errors?.[name];
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <FieldError id={`${id}-error`} message={error} />
      <input
        type="text"
        {...input}
        id={id}
        name={name}
        value={value ?? ''}
        aria-describedby={described === '' ? undefined : described}
        aria-invalid={error === undefined ? undefined : 'true'}
      />
    </div>
  );
}

export const FieldError = ({ id, message }: { id: string; message: string | undefined }) =>
  message === undefined ? null : (
    <p class="field-error" id={id}>
      <span class="visually-hidden">Error: </span>
      {message}
    </p>
  );

/**
 * Says at the top what is wrong, with the way to each of the fields. Of a single field it says nothing: the
 * message stands beside it already.
 */
export function ErrorSummary({
  errors,
  fields,
}: {
  errors: FieldErrors | undefined;
  fields: readonly string[];
}) {
  const entries = Object.entries(errors ?? {}).filter(
    ([name]) => fields.length > 1 || !fields.includes(name),
  );
  if (entries.length === 0) return null;
  return (
    <div class="errors" role="alert">
      <ul>
        {entries.map(([name, message]) => (
          <li>{fields.includes(name) ? <a href={`#${fieldId(name)}`}>{message}</a> : message}</li>
        ))}
      </ul>
    </div>
  );
}

export const fieldId = (name: string, prefix = ''): string => `${prefix}field-${name}`;
