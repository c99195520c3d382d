/** The header of HTTP Basic authentication (RFC 7617 section 2). */
export const basicAuthorization = (name: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});
