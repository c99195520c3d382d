/** 32 bytes as base64, base64url or hexadecimal digits, as whoever keeps the vault may have written them. */
export function readSecretText(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^(?:[A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43}=?)$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}
