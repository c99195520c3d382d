import { z } from 'zod';

/** How someone proved who they are, once each; what RFC 8176 calls authentication method references. */
export const factors = ['code', 'password', 'provider', 'provider-mfa', 'totp', 'recovery-code'] as const;
export type Factor = (typeof factors)[number];

export const factorsSchema = z.array(z.enum(factors)).readonly().optional();

/**
 * The mailbox and the password are of one kind each; these come from something the person has besides, or from
 * a provider of the operator's choice that says it asked for several.
 */
const second: readonly Factor[] = ['totp', 'recovery-code', 'provider-mfa'];

/** Was more than the mailbox or a password proved? Sessions from before there were factors proved no more. */
export const hasSecondFactor = ({ factors: proved }: { readonly factors?: readonly Factor[] | undefined }) =>
  proved?.some((factor) => second.includes(factor)) ?? false;

/** What is left of it once the second factor is turned off. */
export const withoutSecondFactor = (proved: readonly Factor[] = []): readonly Factor[] =>
  proved.filter((factor) => !second.includes(factor));
