import { z } from 'zod';

/** RFC 9457. Without a `type` the status says it all. */
export const problemSchema = z.object({
  type: z
    .string()
    .optional()
    .describe('`/problems/` and a stable code, such as `/problems/not-found`; `about:blank` when absent.'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().optional(),
  errors: z
    .array(
      z.object({
        field: z.string().describe('Dotted path into the request, such as `recipients.0`.'),
        detail: z.string(),
      }),
    )
    .optional(),
});

/** What failed on our side says only under which id it was noted. */
export const failureSchema = z.object({
  ...problemSchema.partial().shape,
  correlationId: z.string().optional().describe('Name it when you report the failure.'),
});

/** RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 7009 section 2.2.1. */
export const oauthErrorSchema = z.object({
  error: z.enum([
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unsupported_grant_type',
    'unsupported_token_type',
    'authorization_pending',
    'slow_down',
    'access_denied',
    'expired_token',
    'temporarily_unavailable',
  ]),
  error_description: z.string(),
  error_code: z
    .enum(['expired', 'reused', 'revoked', 'superseded', 'system_deleted'])
    .optional()
    .describe('Why a genuine refresh key no longer works.'),
});
