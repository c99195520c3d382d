import { z } from 'zod';
import { allowlistSchema } from '../allowlist/rule.ts';
import { emailAddressSchema } from '../email/email-address.ts';

/** At most this many recipients a share (DESIGN.md section 5). */
export const mostRecipients = 100;

const line = /^[^\u0000-\u001f\u007f]*$/;

const recipients = z
  .array(emailAddressSchema)
  .min(1, 'Name at least one recipient.')
  .max(mostRecipients, `At most ${mostRecipients} recipients.`)
  .transform((list) => [...new Set(list)]);

const message = z.string().max(2000, 'At most 2,000 characters.');

const expiresAt = z.iso
  .datetime({ offset: true, error: 'Give a time as in 2027-01-31T12:00:00Z (RFC 3339).' })
  .describe('When the share ends by itself (RFC 3339). Never, when absent.');

const dashboard = z.strictObject({
  id: z.string().min(1).max(200).regex(line),
  title: z.string().trim().min(1).max(200).regex(line),
  entryPath: z
    .string()
    .max(2000)
    // Neither `//host` nor `/\host`: a browser would leave the share's origin.
    .regex(
      /^\/(?![/\\])[\x21-\x7e]*$/,
      'A path that starts with one slash, percent-encoded, such as /dashboards/7.',
    ),
  items: z.array(z.string().min(1).max(200)).max(1000).default([]),
});

const sealed = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'Base64.')
  .describe(
    'What the other gateways of the system need to serve the share, sealed under a key that only they have.',
  );

/** Body of `POST /api/shares`. */
export const shareCreateSchema = z.strictObject({
  dashboard,
  recipients,
  message: message.optional(),
  description: z.string().max(2000).optional(),
  expiresAt: expiresAt.optional(),
  allowlist: allowlistSchema,
  sealed: sealed.optional(),
  sharedBy: z.strictObject({ name: z.string().trim().min(1).max(100).regex(line) }),
});

export type ShareCreate = z.infer<typeof shareCreateSchema>;

/** Body of `PATCH /api/shares/{id}`; what is absent stays. */
export const shareUpdateSchema = z
  .strictObject({
    recipients: recipients.optional(),
    message: message.nullable().optional(),
    expiresAt: expiresAt.nullable().optional(),
    status: z.enum(['active', 'paused']).optional(),
    dashboard: dashboard.omit({ id: true }).optional().describe('Where the dashboard itself has changed.'),
    allowlist: allowlistSchema.optional().describe('What the gateway enforces from now on.'),
    sealed: sealed.optional(),
  })
  .refine((update) => Object.keys(update).length > 0, 'Name at least one thing to change.')
  .meta({ minProperties: 1 });

export type ShareUpdate = z.infer<typeof shareUpdateSchema>;

/** Body of `POST /api/shares/{id}/invitations`. */
export const invitationResendSchema = z.strictObject({ email: emailAddressSchema });
