/** RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 7009 section 2.2.1. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'temporarily_unavailable';

/**
 * Why a genuine refresh key no longer works; sent beside `invalid_grant` as `error_code`. After `superseded`
 * the credentials still hold: the request was one that this gateway had made before a newer renewal.
 */
export type RefreshFailure =
  'expired' | 'reused' | 'revoked' | 'superseded' | 'system_deleted' | 'gateway_removed';

export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly failure: RefreshFailure | undefined;

  /** @param description for people; RFC 6749 allows printable ASCII without `"` and `\` */
  constructor(code: OAuthErrorCode, description: string, failure?: RefreshFailure) {
    super(description);
    this.code = code;
    this.failure = failure;
  }

  get status(): number {
    if (this.code === 'invalid_client') return 401;
    return this.code === 'temporarily_unavailable' ? 503 : 400;
  }

  toDocument(): Record<string, string> {
    return {
      error: this.code,
      error_description: this.message,
      ...(this.failure && { error_code: this.failure }),
    };
  }
}
